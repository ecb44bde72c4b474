import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Random } from '../../src/random.ts'
import { ReleaseFolder } from '../../src/releases/release-folder.ts'

const ROUNDS = 12
const WRITER = fileURLToPath(new URL('release-writer.ts', import.meta.url))

let folder: ReleaseFolder
const written: string[] = []
let killedWriting = 0

/** Kills the writer a random moment after it has begun to write. */
async function round(random: Random): Promise<void> {
  const child = fork(WRITER, [folder.path], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  let writing: string | undefined
  child.on('message', (message: { writing?: string; written?: string }) => {
    writing = message.writing
    if (message.written) written.push(message.written)
  })
  await once(child, 'message')
  await new Promise((resolve) => setTimeout(resolve, random.exponential(15)))
  child.kill('SIGKILL')
  await once(child, 'exit')
  if (writing) killedWriting++
}

beforeAll(async () => {
  folder = new ReleaseFolder(mkdtempSync(join(tmpdir(), 'tributary-')))
  const random = new Random(7)
  for (let n = 0; n < ROUNDS; n++) await round(random)
})
afterAll(() => rmSync(folder.path, { recursive: true, force: true }))

describe(`after ${ROUNDS} writers have been killed at random moments`, () => {
  it('some were in the midst of a release', () => {
    expect(killedWriting).toBeGreaterThan(0)
    expect(readdirSync(folder.path).filter((name) => name.startsWith('.writing-')).length).toBeGreaterThan(0)
  })

  it('there is no half release: each that is there can be loaded whole', async () => {
    const { releases, unreadable } = await folder.list()
    expect(unreadable).toEqual([])
    for (const { version } of releases) expect((await folder.load(version)).indexes.get('two-tower')!.size).toBe(2_000)
  })

  it('each that was said to be written is there', async () => {
    const there = (await folder.list()).releases.map(({ version }) => version)
    expect(there).toEqual(expect.arrayContaining(written))
  })
})
