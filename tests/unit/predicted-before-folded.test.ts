import { describe, expect, it } from 'vitest'
import type { Broker, RecordBatch, Subscription } from '../../src/broker/broker.ts'
import { consumeLiveState } from '../../src/consumers/live-state-consumer.ts'
import { PredictedSample } from '../../src/consumers/predicted-sample.ts'
import { encode } from '../../src/events/codec.ts'
import type { Interaction } from '../../src/events/types.ts'
import { digestState } from '../../src/state/digest.ts'
import { KEYS } from '../../src/state/keys.ts'
import { openMemoryStateStore } from '../../src/state/memory-state-store.ts'
import { History } from '../../src/state/values/history.ts'

const START = Date.UTC(2001, 0)
const catalogue = { get: (itemId: string) => ({ itemId, title: itemId }), settle: async () => {} }

const event = (index: number): Interaction => ({
  eventId: `e${index}`,
  userId: 'u',
  itemId: `i${index}`,
  kind: 'rating',
  value: 4,
  at: START + 1000 * index,
})

function batchOf(from: number, count: number): RecordBatch {
  const records = Array.from({ length: count }, (_, i) => ({
    offset: from + i,
    key: 'u',
    value: encode('ratings', event(from + i)),
  }))
  return { topic: 'ratings', partition: 0, records, next: from + count, end: 100 }
}

/** A consumer that the test hands batches to, over a store in memory. */
async function consumer(sample?: Pick<PredictedSample<unknown>, 'choose' | 'predict'>) {
  const store = openMemoryStateStore({ partitions: 1 })
  let subscription: Subscription | undefined
  const broker = {
    subscribe: async (given: Subscription) => {
      subscription = given
      return { lag: () => 0, done: Promise.resolve(), stop: async () => given.revoked(0) }
    },
  } as unknown as Broker
  const consuming = await consumeLiveState({ broker, store, catalogue, ...(sample && { sample }) })
  await subscription!.assigned(0)
  return { store, consuming, handle: (batch: RecordBatch) => subscription!.handle(batch) }
}

describe('an event that is predicted', () => {
  it('is not known to the state yet, while everything before it is', async () => {
    const seen: { item: number; history: number; offset: number | undefined }[] = []
    const folding = await consumer({
      choose: (events) => events.findIndex(({ itemId }) => itemId === 'i3' || itemId === 'i5'),
      predict: async ({ itemId }) => {
        const [bytes] = await folding.store.read('live', 0, [`${KEYS.history}u`])
        const { ratings: offset } = await folding.store.offsets('live', 0)
        seen.push({ item: Number(itemId.slice(1)), history: new History(bytes).length, offset })
      },
    })
    await folding.handle(batchOf(0, 5))
    await folding.handle(batchOf(5, 3))
    expect(seen).toEqual([
      { item: 3, history: 3, offset: 3 },
      { item: 5, history: 5, offset: 5 },
    ])
  })

  it('leaves the state as it would be without', async () => {
    const sampled = await consumer({ choose: (events) => events.length - 1, predict: async () => {} })
    const plain = await consumer()
    for (const folding of [sampled, plain]) {
      for (let from = 0; from < 60; from += 12) await folding.handle(batchOf(from, 12))
      await folding.consuming.stop()
    }
    expect(await digestState(sampled.store, 'live')).toEqual(await digestState(plain.store, 'live'))
    expect(await sampled.store.offsets('live', 0)).toEqual(await plain.store.offsets('live', 0))
  })

  it('is folded once when a commit before its prediction fails', async () => {
    const folding = await consumer({ choose: (events) => (events.length > 2 ? 2 : -1), predict: async () => {} })
    const { own } = folding.store
    let failing = true
    folding.store.own = async (...args) => {
      const owner = await own.apply(folding.store, args)
      const { commit } = owner
      owner.commit = async (...committed) => {
        await commit.apply(owner, committed)
        // It was written; nobody hears of it.
        if (failing) {
          failing = false
          throw new Error('the connection broke')
        }
      }
      return owner
    }
    await folding.handle(batchOf(0, 2)).catch(() => {})
    await expect(folding.handle(batchOf(2, 6))).resolves.toBeUndefined()
    await folding.consuming.stop()
    const [bytes] = await folding.store.read('live', 0, [`${KEYS.history}u`])
    const history = new History(bytes)
    expect(Array.from({ length: history.length }, (_, i) => history.at(i))).toEqual(
      Array.from({ length: 8 }, (_, i) => event(i).at),
    )
  })
})

describe('the sample', () => {
  it('takes one visit in an interval, whichever it is', () => {
    const sample = new PredictedSample({ ask: async () => 1, onPredicted: () => {}, intervalMs: 250 })
    const events = [{ ...event(0), kind: 'skip' as const }, event(1), event(2), event(3)]
    const chosen = sample.choose(events, 1000)
    expect(chosen).toBeGreaterThan(0)
    expect(sample.choose(events, 1249)).toBe(-1)
    expect(sample.choose([events[0]!], 1250)).toBe(-1)
    const positions = new Set<number>()
    for (let round = 0; round < 50; round++) {
      const batch = Array.from({ length: 10 }, (_, i) => event(100 * round + i))
      positions.add(sample.choose(batch, 2000 + 250 * round))
    }
    expect(positions.size).toBeGreaterThan(5)
  })

  it('gives up a prediction that is late, does not count it when it comes after all, and leaves serving alone for a while', async () => {
    const told: unknown[] = []
    const answer = Promise.withResolvers<string>()
    const sample = new PredictedSample({
      ask: () => answer.promise,
      onPredicted: (prediction) => told.push(prediction),
      patienceMs: 1,
      pauseMs: 60_000,
    })
    await sample.predict(event(0))
    answer.resolve('too late')
    await answer.promise
    expect(told).toEqual([undefined])
    expect(sample.choose([event(1)], performance.now() + 50_000)).toBe(-1)
    expect(sample.choose([event(1)], performance.now() + 61_000)).toBe(0)
  })
})
