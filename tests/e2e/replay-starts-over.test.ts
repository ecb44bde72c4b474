import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { chromiumPath, launchChromium } from './chromium.ts'
import { type RunningProgram, startProgram } from './start-program.ts'

const EVENTS = 2000
const ARGS = ['--data', `synthetic-1-40-60-${EVENTS}`, '--speed', 'max']

describe.skipIf(!chromiumPath)('a replay that has come to its end', () => {
  let home: string
  let program: RunningProgram
  let browser: Browser

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'tributary-'))
    program = await startProgram(home, ARGS)
    browser = await launchChromium()
    await program.printed(/played to its end/)
  })
  afterAll(async () => {
    await browser?.close()
    await program?.stop()
    rmSync(home, { recursive: true, force: true })
  })

  const events = async () => (await program.get<{ history: unknown[] }>('/users/someone')).history?.length ?? 0
  const feed = async () => {
    const body = JSON.stringify({ userId: 'someone', itemId: 'i7', kind: 'like' })
    const headers = { 'content-type': 'application/json' }
    expect((await fetch(`${program.baseUrl}/feedback`, { method: 'POST', headers, body })).status).toBe(202)
  }

  test('is not played live when the program is started again', async () => {
    expect((await program.stop()).stdout).toContain('now played live')
    program = await startProgram(home, ARGS)
    await program.printed(/played to its end/)
    expect((await program.stop()).stdout).not.toMatch(/of 1,800|now played live/)
    program = await startProgram(home, ARGS)
  })

  test('starts over from the page: as if nothing had happened, at the same address', async () => {
    await feed()
    // A program that has just begun may have other things to do first.
    await vi.waitFor(async () => expect(await events()).toBe(1), 30_000)
    const page = await (await browser.newContext()).newPage()
    await page.goto(`${program.baseUrl}/operator`)
    await page.getByText(`${EVENTS.toLocaleString('en')} events: complete`).waitFor()
    expect(await page.getByRole('button', { name: 'Pause' }).count()).toBe(0)
    const before = await figures()

    await page.getByRole('button', { name: 'Start over' }).click()
    await page.getByRole('button', { name: 'Keep' }).click()
    await page.getByRole('button', { name: 'Start over' }).click()
    await page.getByRole('button', { name: 'Delete and start over' }).click()

    await program.printed(/Starting over: .*now played live.*played to its end/s)
    await vi.waitFor(async () => expect(await events()).toBe(0), 30_000)
    await page.getByText(`${EVENTS.toLocaleString('en')} events: complete`).waitFor({ timeout: 30_000 })
    await vi.waitFor(
      async () => expect((await figures()).consumed).toMatchObject({ events: EVENTS, repeated: 0 }),
      30_000,
    )
    expect(before.consumed.events).toBeLessThan(EVENTS)
    expect(existsSync(join(home, 'discarded'))).toBe(false)
  })

  async function figures(): Promise<{ consumed: { events: number; repeated: number } }> {
    const response = await fetch(`${program.baseUrl}/stream/operations`)
    let text = ''
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk
      const found = /^event: figures\ndata: (.*)\n\n/m.exec(text)
      if (found) return JSON.parse(found[1]!)
    }
    throw new Error('the stream ended without figures')
  }
})
