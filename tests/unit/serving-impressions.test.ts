import { beforeEach, describe, expect, test, vi } from 'vitest'
import { encodeFloats } from '../../src/events/floats.ts'
import type { Features } from '../../src/events/types.ts'
import { Impressions } from '../../src/serving/impressions.ts'
import type { Slate } from '../../src/serving/recommender.ts'
import { FakeBroker } from '../fakes/fake-broker.ts'

let broker: FakeBroker
let counts: { sent: number; dropped: number }

beforeEach(() => {
  broker = new FakeBroker()
  counts = { sent: 0, dropped: 0 }
  return () => void vi.useRealTimers()
})

const create = (limits: { maxBuffered?: number; maxBatch?: number; featureShare?: number } = {}) =>
  new Impressions({
    broker,
    now: () => 978300760000,
    count: (outcome, slates) => {
      counts[outcome] += slates
    },
    ...limits,
  })

const slate = (n: number): Slate => ({
  requestId: `request-${n}`,
  userId: '42',
  release: 'live',
  degraded: [],
  items: [
    {
      itemId: '7',
      title: 'x',
      score: 0.5,
      section: 's',
      reason: 'r',
      sources: [
        { name: 'trending', rank: 2, score: 1 },
        { name: 'genre', rank: 9, score: 1 },
      ],
    },
  ],
})

const record = (impressions: Impressions, n: number) => {
  for (let i = 0; i < n; i++) impressions.record(slate(i))
}

describe('impressions', () => {
  test('a slate becomes an event with its items and the names of their sources', async () => {
    const impressions = create()
    record(impressions, 1)
    await impressions.flush()
    expect(broker.events('impressions')).toEqual([
      {
        requestId: 'request-0',
        userId: '42',
        at: 978300760000,
        release: 'live',
        items: [{ itemId: '7', score: 0.5, sources: ['trending', 'genre'] }],
      },
    ])
  })

  test('a share of the slates is to be made with features, which go with the event', async () => {
    const drawn = (featureShare?: number) => {
      const impressions = create(featureShare === undefined ? {} : { featureShare })
      return Array.from({ length: 1000 }, () => impressions.wantsFeatures).filter(Boolean).length
    }
    expect([drawn(), drawn(0), drawn(1)]).toEqual([0, 0, 1000])
    // Ten standard deviations.
    expect(Math.abs(drawn(0.2) - 200)).toBeLessThan(126)
    const features: Features = {
      now: 5,
      ranker: 'blend',
      request: { k: 1 },
      names: ['blend'],
      items: encodeFloats(Float32Array.of(0.5)),
      contextNames: [],
      context: '',
      tables: { ratings: [3] },
      lists: { ratings: [3] },
      rowsFrom: { ratings: [3] },
      rowsUntil: { ratings: [3] },
      user: { ratings: 3 },
      known: 2,
    }
    const impressions = create()
    impressions.record({ ...slate(0), features })
    await impressions.flush()
    expect(broker.events('impressions')[0]!.features).toEqual(features)
  })

  test('slates wait for one another up to 50 ms', async () => {
    vi.useFakeTimers()
    record(create(), 3)
    await vi.advanceTimersByTimeAsync(49)
    expect(broker.batches).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    expect(broker.batches).toEqual([{ topic: 'impressions', size: 3 }])
    expect(counts).toEqual({ sent: 3, dropped: 0 })
  })

  test('a full batch does not wait, and none is larger', async () => {
    const impressions = create({ maxBatch: 4 })
    record(impressions, 11)
    await impressions.flush()
    expect(broker.batches.map((batch) => batch.size)).toEqual([4, 4, 3])
    expect(broker.events('impressions').map((event) => event.requestId)).toEqual(
      Array.from({ length: 11 }, (_, i) => `request-${i}`),
    )
  })

  test('while the broker is stuck the buffer stays within its bound and the rest is counted as dropped', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    broker.hold = promise
    const impressions = create({ maxBatch: 2, maxBuffered: 5 })
    record(impressions, 20)
    expect(counts).toEqual({ sent: 0, dropped: 13 })
    resolve()
    await impressions.flush()
    expect(counts).toEqual({ sent: 7, dropped: 13 })
  })

  test('what the broker refuses is dropped, counted, and harms nothing that follows', async () => {
    const impressions = create()
    broker.failure = new Error('down')
    record(impressions, 3)
    await impressions.flush()
    broker.failure = undefined
    record(impressions, 2)
    await impressions.flush()
    expect(counts).toEqual({ sent: 2, dropped: 3 })
  })
})
