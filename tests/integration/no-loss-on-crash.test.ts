import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeWith } from '../containers/describe-with.ts'
import { SERVERS } from '../containers/servers.ts'
import { type CrashOutcome, crashRounds } from '../crash-rounds.ts'
import { disturbedReplay, expectAsIfNothingHadHappened } from '../disturbed-replay.ts'

/** For the full proof: KILL_ROUNDS=50. */
const ROUNDS = Number(process.env.KILL_ROUNDS ?? 5)
/** With it the three rounds beside the certain ones are of three kinds of moment. */
const SEED = Number(process.env.KILL_SEED ?? 337)

describe(`after ${ROUNDS} rounds of kill -9 at random moments`, () => {
  let folder: string
  let outcome: CrashOutcome

  beforeAll(
    async () => {
      folder = mkdtempSync(join(tmpdir(), 'tributary-'))
      outcome = await crashRounds({ folder, rounds: ROUNDS, seed: SEED, onRound: (text) => console.log(text) })
    },
    // Against waiting for ever: on a machine that is busy with other things all of it takes several times as long.
    240_000 + ROUNDS * 30_000,
  )
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('has met every kind of process alive, and with work undone', () => {
    for (const kills of Object.values(outcome.kills)) expect(kills).toBeGreaterThan(0)
    expect(outcome.roundsWithLag).toBeGreaterThan(0)
  })

  it('the state and the event log are those of a run that nobody disturbed, table by table', () => {
    expect(outcome.disturbed).toEqual(outcome.undisturbed)
    expect(outcome.undisturbed['event-log']?.entries).toBe(outcome.events)
    for (const table of ['histories', 'features', 'co-visitation', 'item-statistics', 'stream-time']) {
      expect(outcome.undisturbed[table]?.entries, table).toBeGreaterThan(0)
    }
  })

  it('the event log has every offset once', () => {
    for (const { first, next, events, duplicates, gaps } of outcome.positions) {
      expect({ first, events, duplicates, gaps }).toEqual({ first: 0, events: next, duplicates: 0, gaps: [] })
    }
    const logged = outcome.positions.reduce((sum, { events }) => sum + events, 0)
    expect(logged).toBe(outcome.events)
  })
})

await describeWith(SERVERS, 'a replay through Kafka, Redis and ClickHouse whose consumers are killed with -9', () => {
  it('comes to the state and the event log of a run that nobody disturbed', async () => {
    const outcome = await disturbedReplay(async ({ deployment, folded }) => {
      await folded(0.1)
      expect(await deployment.kill(['consume-1'])).toEqual(['consume-1'])
      deployment.start('consume-3')
      await folded(0.4)
      expect(await deployment.kill(['consume-2', 'consume-3'])).toHaveLength(2)
      deployment.start('consume-4')
    })
    expectAsIfNothingHadHappened(outcome)
  })
})
