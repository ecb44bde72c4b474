import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { synthetic } from '../../src/producers/datasets/synthetic.ts'
import { replay } from '../../src/producers/replay.ts'
import { digestState, type StateDigest } from '../../src/state/digest.ts'
import { LIVE_GROUP } from '../../src/state/keys.ts'
import { describeWith } from '../containers/describe-with.ts'
import { ownNames, SERVERS } from '../containers/servers.ts'
import { sharedServers } from '../containers/shared-servers.ts'
import { Deployment } from '../deployment.ts'
import { type Embedded, openEmbedded } from '../embedded.ts'

// Few users, so that histories overflow many times over: what has left a history must be known again, too.
const dataset = synthetic({ seed: 7, users: 60, items: 700, events: 20_000 })

let embedded: Embedded
let once: StateDigest

async function digest(): Promise<StateDigest> {
  await embedded.caughtUp()
  return digestState(embedded.store, LIVE_GROUP)
}

beforeAll(async () => {
  embedded = await openEmbedded()
  await replay({ broker: embedded.broker, dataset })
  once = await digest()
})
afterAll(() => embedded.close())

describe('a data set that has been replayed', () => {
  it('adds nothing to the log when it is replayed once more', async () => {
    expect(await replay({ broker: embedded.broker, dataset })).toMatchObject({ end: 'complete', produced: 0, run: 1 })
    expect(await digest()).toEqual(once)
    expect(embedded.committed).toEqual({ events: dataset.size, refused: 0, repeated: 0 })
  })

  it('leaves the state as it was when it is replayed again as new events', async () => {
    const again = await replay({ broker: embedded.broker, dataset, again: true })
    expect(again).toMatchObject({ end: 'complete', produced: dataset.size, run: 2 })
    expect(await digest()).toEqual(once)
    expect(embedded.committed).toEqual({ events: 2 * dataset.size, refused: 0, repeated: dataset.size })
  })

  it('had histories that overflowed', () => {
    expect(once.histories.entries).toBeGreaterThan(60 * 200)
  })
})

await describeWith(SERVERS, 'a data set that has been replayed through Kafka, Redis and ClickHouse', () => {
  const data = 'synthetic-7-60-700-5000'
  const home = mkdtempSync(join(tmpdir(), 'tributary-'))
  afterAll(() => rmSync(home, { recursive: true, force: true }))

  it('is in state and event log once after it was replayed twice, and in the state once after `--again`', async () => {
    const names = await ownNames(await sharedServers())
    try {
      await using deployment = await Deployment.open({ home, data, env: names.env })
      const first = await deployment.finish()
      expect(first['event-log']?.entries).toBe(5000)
      expect(await deployment.finish()).toEqual(first)
      expect((await deployment.start('replay', ['--again']).ended).code).toBe(0)
      const { 'event-log': log, ...state } = await deployment.settle()
      expect({ ...state, 'event-log': first['event-log'] }).toEqual(first)
      // As new events they are facts that the log has twice.
      expect(log?.entries).toBe(10_000)
    } finally {
      await names.drop()
    }
  })
})
