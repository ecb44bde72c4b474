import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { encode } from '../../src/events/codec.ts'
import { Freshness, wallClockMs } from '../../src/serving/freshness.ts'
import { HistogramWindow } from '../../src/serving/http/histogram-window.ts'
import { createMetrics } from '../../src/serving/http/metrics.ts'
import type { Operations, ReplayChange, ReplayState } from '../../src/serving/operations.ts'
import { RecentValues } from '../../src/serving/recent-values.ts'
import { createFakeServer, type FakeServer } from '../fakes/fake-server.ts'

const REPLAY: ReplayState = {
  dataset: 'tiny',
  position: 90,
  total: 100,
  eventsPerSecond: 5,
  streamAt: 978300760000,
  speed: 100,
  paused: false,
  startsOver: true,
}

let server: FakeServer
let operations: Operations
let changes: ReplayChange[]

beforeEach(async () => {
  changes = []
  operations = { swaps: [] }
  server = await createFakeServer({ operations })
})
afterEach(() => server.app.close())

const change = (payload: object) => server.app.inject({ method: 'POST', url: '/replay', payload })

describe('POST /replay', () => {
  test('hands on what is to change', async () => {
    operations.replay = { state: () => REPLAY, change: (one) => changes.push(one) }
    expect((await change({ paused: true })).statusCode).toBe(202)
    expect((await change({ speed: null })).statusCode).toBe(202)
    expect(changes).toEqual([{ paused: true }, { speed: null }])
  })

  test('starts over what can be started over, and says where it cannot', async () => {
    let startsOver = true
    operations.replay = { state: () => ({ ...REPLAY, startsOver }), change: (one) => changes.push(one) }
    expect((await change({ startOver: true })).statusCode).toBe(202)
    startsOver = false
    const refused = await change({ startOver: true })
    expect([refused.statusCode, refused.json().parameter]).toEqual([400, 'startOver'])
    expect(changes).toEqual([{ startOver: true }])
  })

  test.each([{}, { startOver: false }, { speed: 0 }, { speed: '5' }, { paused: 'yes' }, { end: true }])(
    'refuses %j',
    async (payload) => {
      operations.replay = { state: () => REPLAY, change: (one) => changes.push(one) }
      expect((await change(payload)).statusCode).toBe(400)
      expect(changes).toEqual([])
    },
  )

  test('says where there is no replay', async () => {
    const response = await change({ paused: true })
    expect(response.statusCode).toBe(404)
    expect(response.json().detail).toContain('No replay runs')
  })
})

describe('GET /dead-letters', () => {
  test('answers the latest, with how many there are', async () => {
    expect((await server.app.inject('/dead-letters')).json()).toEqual({ total: 0, letters: [] })
    const letters = [1, 2, 3].map((offset) => ({
      key: 'ratings-0',
      value: encode('dead-letters', {
        topic: 'ratings',
        partition: 0,
        offset,
        reason: 'not JSON',
        value: 'ew==',
        at: 1000 * offset,
      }),
    }))
    await server.broker.produce('dead-letters', letters)
    const { total, letters: found } = (await server.app.inject('/dead-letters?limit=2')).json()
    expect(total).toBe(3)
    expect(found.map(({ offset }: { offset: number }) => offset)).toEqual([3, 2])
  })

  test('says that the broker does not answer', async () => {
    server.broker.bounds = () => Promise.reject(new Error('away'))
    expect((await server.app.inject('/dead-letters')).statusCode).toBe(503)
  })
})

describe('freshness', () => {
  test('is the time until the offset is committed', async () => {
    let committed = 5
    const freshness = new Freshness({ offsets: async () => ({ feedback: committed }), intervalMs: 1 })
    freshness.accepted({ topic: 'feedback', partition: 0, offset: 4, at: wallClockMs() - 20 })
    freshness.accepted({ topic: 'feedback', partition: 0, offset: 5, at: wallClockMs() - 40 })
    await expect.poll(() => freshness.recent.count).toBe(1)
    expect(freshness.recent.percentile(50)).toBeGreaterThanOrEqual(20)
    committed = 6
    await expect.poll(() => freshness.recent.count).toBe(2)
    expect(freshness.recent.percentile(99)).toBeGreaterThanOrEqual(40)
  })

  test('has no percentile of nothing, and forgets what is old', () => {
    const recent = new RecentValues(3)
    expect(recent.percentile(50)).toBeNull()
    for (const value of [100, 1, 2, 3]) recent.add(value)
    expect([recent.percentile(0), recent.percentile(50), recent.percentile(100)]).toEqual([1, 2, 3])
    const ofLastMinute = new RecentValues(3, 60_000)
    ofLastMinute.add(900, 0)
    ofLastMinute.add(5, 50_000)
    expect(ofLastMinute.percentile(99, 55_000)).toBe(900)
    expect(ofLastMinute.percentile(99, 60_001)).toBe(5)
    expect(ofLastMinute.percentile(99, 120_000)).toBeNull()
  })
})

describe('a window over a histogram', () => {
  test('sums up what has come since its oldest reading', async () => {
    const { stageSeconds } = createMetrics()
    const window = new HistogramWindow(stageSeconds, 'stage', 3)
    for (let i = 0; i < 100; i++) stageSeconds.observe({ stage: 'blend' }, 0.09)
    await window.read(0)
    for (let i = 0; i < 10; i++) stageSeconds.observe({ stage: 'blend' }, 0.0015)
    const { blend } = Object.fromEntries(await window.read(2000))
    expect(blend!.perSecond).toBeCloseTo(5)
    expect(blend!.p50Ms).toBeGreaterThan(1)
    expect(blend!.p99Ms).toBeLessThanOrEqual(2)
    await window.read(3000)
    expect([...(await window.read(4000)).keys()]).toEqual([])
  })
})
