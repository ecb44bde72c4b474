import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Slate } from '../../src/serving/recommender.ts'
import { outputOf } from '../programs.ts'
import { DATA, type RunningProgram, startProgram } from './start-program.ts'

let home: string
let program: RunningProgram

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'tributary-'))
  const env = { TRIBUTARY_TRAIN_EVERY: '10m', TRIBUTARY_TRAIN_BUDGET: '20', TRIBUTARY_RELEASES_KEPT: '2' }
  program = await startProgram(home, ['--data', DATA, '--speed', '1x'], env)
})
afterAll(async () => {
  await program?.stop()
  rmSync(home, { recursive: true, force: true })
})

describe('`npm start`', () => {
  // At the lowest priority, on a machine that may be busy with other things.
  it('trains a release by itself and serves it', { timeout: 320_000 }, async () => {
    await vi.waitFor(
      async () => {
        const slate = await program.get<Slate>('/recommend?user=u1&k=10')
        expect(slate.release).toMatch(/^\d{8}T\d{9}Z-[0-9a-f]{6}$/)
      },
      { timeout: 300_000, interval: 200 },
    )
    const { items } = await program.get<Slate>('/recommend?user=u1&k=10')
    const sources = new Set(items.flatMap(({ sources }) => sources.map(({ name }) => name)))
    for (const source of ['sequence', 'two-tower', 'trained-item-cf']) expect(sources).toContain(source)
  })

  it('names it in the metrics and in `releases list`', async () => {
    const { release } = await program.get<Slate>('/recommend?user=u1&k=10')
    const metrics = await (await fetch(`${program.baseUrl}/metrics`)).text()
    expect(metrics).toContain('tributary_release_in_service{version="')
    const listed = JSON.parse(await outputOf(['releases', 'list', '--json', '--home', home], { home }))
    expect(listed.releases.map(({ version }: { version: string }) => version)).toContain(release)
  })

  it('leaves nothing behind of a training that it stops in the middle', async () => {
    await program.stop()
    expect(readdirSync(join(home, 'releases')).filter((name) => name.startsWith('.'))).toEqual([])
    expect(readdirSync(home)).not.toContain('training-set.bin')
  })
})
