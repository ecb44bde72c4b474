import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SkewReport } from '../../src/evaluation/skew/skew-tally.ts'
import { openChdbEventLog } from '../../src/event-log/chdb-event-log.ts'
import { runProgram } from '../programs.ts'
import { DATA, startProgram } from './start-program.ts'

const ASKED = 30

let home: string
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'tributary-'))
  const env = { TRIBUTARY_TRAIN_EVERY: 'never', TRIBUTARY_FEATURE_SHARE: '1' }
  const program = await startProgram(home, ['--data', DATA, '--speed', '1x'], env)
  await program.printed(/History is in/)
  // Now and then something happens live at any speed.
  const headers = { 'content-type': 'application/json' }
  const paused = await fetch(`${program.baseUrl}/replay`, { method: 'POST', headers, body: '{"paused":true}' })
  expect(paused.status).toBe(202)
  // What is in the broker is folded, and predicted as it comes: the rows that this reads are kept for a second, and nothing
  // says when they are gone.
  await folded(program.baseUrl)
  await program.get('/recommend?user=u1')
  await delay(1_500)
  await program.get('/recommend?user=u1')
  await delay(200)
  for (let n = 1; n <= ASKED; n++) await program.get(`/recommend?user=u${n}&k=10`)
  await logged(program.baseUrl)
  const busy = await runProgram(['skew'], { home })
  expect(busy.stderr).toMatch(/process \d+ has it open\. Stop that process/)
  expect(busy.code).toBe(2)
  await program.stop()
}, 120_000)
afterAll(() => rmSync(home, { recursive: true, force: true }))

/** Resolves once nothing has been left to fold for as long as the program takes to notice. */
async function folded(url: string): Promise<void> {
  for (let still = 0; still < 5; await delay(100)) {
    const metrics = await (await fetch(`${url}/metrics`)).text()
    still = /^tributary_consumer_lag 0$/m.test(metrics) ? still + 1 : 0
  }
}

/** Resolves once the event log has had nothing to catch up with for as long as the program takes to notice. */
async function logged(url: string): Promise<void> {
  for (let still = 0; still < 5; await delay(100)) {
    const metrics = await (await fetch(`${url}/metrics`)).text()
    const isSent = Number(/^tributary_impressions_total\{outcome="sent"\} (\d+)$/m.exec(metrics)?.[1]) > ASKED
    still = isSent && /^tributary_event_log_lag 0$/m.test(metrics) ? still + 1 : 0
  }
}

const skew = (...args: string[]) => runProgram(['skew', '--most', `${ASKED}`, ...args], { home })

describe('`tributary skew`', () => {
  it('finds none in what `start` has served of a stream that stood still', async () => {
    const { code, stdout, stderr } = await skew('--tolerance', '0', '--json')
    expect(stderr).toBe('')
    const report: SkewReport = JSON.parse(stdout)
    expect(report.slates).toEqual({ checked: ASKED, leftOut: {} })
    expect(report.all).toMatchObject({ identical: 1, differing: 0, max: 0 })
    expect(report.order).toMatchObject({ sameOrder: 1, tau: 1 })
    expect(code).toBe(0)
  })

  it('ends with 1 where the events of others are gone from the event log, and says what differs', async () => {
    const log = await openChdbEventLog({ path: join(home, 'events') })
    for (let n = 101; n <= 108; n++) await log.forget(`u${n}`)
    await log.close()
    const { code, stdout } = await skew()
    expect(stdout).toMatch(/^visits +\d/m)
    expect(stdout).toMatch(/^\d+ of 90\d\d events that had been folded are not in the event log any more/m)
    expect(stdout).toMatch(/BEYOND the tolerance of 1\.00 %\.$/m)
    expect(code).toBe(1)
  })

  it('ends with 1 where nothing could be checked', async () => {
    const { code, stdout } = await skew('--since', '2100-01-01')
    expect(stdout).toMatch(/^No slate could be checked/)
    expect(code).toBe(1)
  })
})
