import { beforeEach, describe, expect, it } from 'vitest'
import { Catalogue } from '../../src/catalogue/catalogue.ts'
import { keyHash, partitionFor } from '../../src/events/topics.ts'
import { LiveState } from '../../src/projections/live-state.ts'
import { AgedCache, type CacheLimits } from '../../src/retrieval/online/aged-cache.ts'
import { ItemIndex } from '../../src/retrieval/online/item-index.ts'
import { LiveRows, NO_CACHE, UNTIL_CHANGED } from '../../src/retrieval/online/live-rows.ts'
import { NeighbourMerger, ROW_LENGTH } from '../../src/retrieval/online/neighbour-row.ts'
import { OnlineState } from '../../src/retrieval/online/online-state.ts'
import { PartitionVocabulary } from '../../src/retrieval/online/partition-vocabulary.ts'
import { openMemoryStateStore } from '../../src/state/memory-state-store.ts'
import type { StateStore } from '../../src/state/state-store.ts'
import { Neighbours, readNeighbours } from '../../src/state/values/neighbours.ts'
import { seededRandom } from '../fakes/seeded-random.ts'

const PARTITIONS = 3
const SECOND = 1000

describe('the cache of rows', () => {
  it('answers what it was given until that is too old', () => {
    const cache = new AgedCache<string>({ maxBytes: 1e6, maxAgeMs: SECOND })
    cache.set(1, 'one', 3, 0)
    expect(cache.get(1, SECOND - 1)).toBe('one')
    expect(cache.get(1, SECOND)).toBeUndefined()
    cache.set(1, 'another', 7, SECOND)
    expect(cache.get(1, SECOND)).toBe('another')
  })

  it('holds no more bytes than it may: what was read first leaves first', () => {
    const cache = new AgedCache<number>({ maxBytes: 10_000, maxAgeMs: SECOND })
    for (let key = 0; key < 100; key++) cache.set(key, key, 800, 0)
    expect(cache.bytes).toBeLessThanOrEqual(10_000)
    expect(Array.from({ length: 100 }, (_, key) => cache.get(key, 0)).filter((value) => value !== undefined)).toEqual([
      90, 91, 92, 93, 94, 95, 96, 97, 98, 99,
    ])
    cache.set(100, 100, 20_000, 0)
    expect(cache.get(100, 0)).toBeUndefined()
    for (let key = 0; key < 100; key++) cache.delete(key)
    expect(cache.bytes).toBe(0)
  })

  it('counts a value that takes no bytes, too: many of those are memory as well', () => {
    const cache = new AgedCache<number>({ maxBytes: 10_000, maxAgeMs: SECOND })
    for (let key = 0; key < 1000; key++) cache.set(key, key, 0, 0)
    expect(cache.get(0, 0)).toBeUndefined()
    expect(cache.get(999, 0)).toBe(999)
  })
})

describe('a merged row', () => {
  it('keeps the strongest neighbours over all partitions', () => {
    const random = seededRandom(7)
    const count = 900
    const shards = [0, 1, 2].map(() => {
      const row = new Neighbours()
      const strengths = Array.from({ length: 256 }, () => [Math.floor(random() * count), random()] as const)
      for (const [item, strength] of strengths) row.add(item, strength, strength / 2)
      return { bytes: row.encode(), indexes: Int32Array.from({ length: count }, (_, ordinal) => count - 1 - ordinal) }
    })
    const sums = new Map<number, number>()
    for (const { bytes, indexes } of shards) {
      const { items, weights } = readNeighbours(bytes)
      for (let i = 0; i < items.length; i += 3) {
        const item = indexes[items[i]!]!
        sums.set(item, (sums.get(item) ?? 0) + weights[i + 1]! + weights[i + 2]!)
      }
    }
    expect(sums.size).toBeGreaterThan(ROW_LENGTH)
    const strongest = [...sums].sort(([, a], [, b]) => b - a).slice(0, ROW_LENGTH)
    const merger = new NeighbourMerger()
    for (let again = 0; again < 2; again++) {
      const { items, weights } = merger.merge(shards, count)
      const merged = Array.from({ length: items.length / 3 }, (_, i) => [
        items[3 * i]!,
        weights[3 * i + 1]! + weights[3 * i + 2]!,
      ])
      expect(new Set(merged.map(([item]) => item))).toEqual(new Set(strongest.map(([item]) => item)))
      for (const [item, strength] of merged) expect(strength).toBeCloseTo(sums.get(item!)!, 5)
    }
  })
})

describe('the table of items', () => {
  it('is the same, to the last bit, however often it was refreshed on the way', async () => {
    const random = seededRandom(5)
    const store = openMemoryStateStore({ partitions: PARTITIONS })
    const folds: LiveState[] = []
    for (let partition = 0; partition < PARTITIONS; partition++) {
      folds.push(await LiveState.open(await store.own('live', partition), new Catalogue()))
    }
    const often = new OnlineState(store, 'live', new ItemIndex())
    let at = Date.UTC(2020, 0)
    for (let i = 0; i < 2_000; i++) {
      // 100 days in all: the landmark of decayed sums moves, more than once.
      at += 4_321_000
      const [user, item, rating] = [40, 60, 5].map((count) => Math.floor(count * random()))
      const userId = `user-${user}`
      const event = { eventId: `${i}`, userId, itemId: `item-${item}`, kind: 'rating' as const, value: 1 + rating!, at }
      const partition = partitionFor(userId, PARTITIONS)
      await folds[partition]!.fold([event])
      await folds[partition]!.commit({ ratings: i })
      if (i % 7 === 0) await often.refresh()
    }
    const once = new OnlineState(store, 'live', new ItemIndex())
    await often.refresh()
    await once.refresh()
    expect(once.items.size).toBe(60)
    for (const column of ['visits', 'ratings', 'ratingSum', 'popularity', 'trend', 'rarity'] as const) {
      const of = ({ table, items }: OnlineState) => {
        return Array.from({ length: 60 }, (_, item) => table[column][items.find(`item-${item}`)])
      }
      expect(of(often), column).toEqual(of(once))
      expect(of(once).every((value) => value! > 0)).toBe(true)
    }
  })
})

describe('live rows', () => {
  let store: StateStore
  let reads: number
  let now: number
  let items: ItemIndex
  let vocabularies: PartitionVocabulary[]
  let folds: LiveState[]
  let onCommit: (partition: number, keys: Iterable<string>) => void
  let at: number
  const random = seededRandom(3)

  function rowsWith(cache: CacheLimits): LiveRows {
    return new LiveRows({ store, group: 'live', items, vocabularies, cache, now: () => now })
  }

  async function visits(userId: string, ...itemIds: string[]): Promise<void> {
    const partition = partitionFor(userId, PARTITIONS)
    const events = itemIds.map((itemId) => {
      at += 60_000
      return { eventId: `${at}`, userId, itemId, kind: 'like' as const, at }
    })
    await folds[partition]!.fold(events)
    await folds[partition]!.commit({ ratings: at })
  }

  async function randomVisits(count: number, itemCount: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      await visits(`user-${Math.floor(random() * 40)}`, `item-${Math.floor(random() * itemCount)}`)
    }
  }

  const refresh = () => Promise.all(vocabularies.map((vocabulary) => vocabulary.refresh()))
  const hashes = Array.from({ length: 40 }, (_, user) => keyHash(`user-${user}`))
  const everything = async (rows: LiveRows) => {
    const all = Array.from({ length: items.size }, (_, item) => item)
    return [await rows.neighbours(all), await rows.postings(all), await rows.trails(hashes)]
  }

  beforeEach(async () => {
    at = Date.UTC(2020, 0)
    now = 0
    reads = 0
    onCommit = () => {}
    const memory = openMemoryStateStore({
      partitions: PARTITIONS,
      onCommit: (partition, keys) => onCommit(partition, keys),
    })
    store = {
      ...memory,
      read: (group, partition, keys) => {
        reads++
        return memory.read(group, partition, keys)
      },
    }
    items = new ItemIndex()
    const partitions = Array.from({ length: PARTITIONS }, (_, partition) => partition)
    vocabularies = partitions.map((partition) => new PartitionVocabulary(store, 'live', partition, items))
    folds = []
    for (const partition of partitions) {
      folds.push(await LiveState.open(await store.own('live', partition), new Catalogue()))
    }
  })

  it('are the partitions added up, each neighbour once', async () => {
    await randomVisits(300, 12)
    await refresh()
    const all = Array.from({ length: items.size }, (_, item) => item)
    const merged = await rowsWith(NO_CACHE).neighbours(all)
    for (const item of all) {
      const sums = new Map<number, [after: number, before: number]>()
      for (const [partition, vocabulary] of vocabularies.entries()) {
        const [bytes] = await store.read('live', partition, [`n:${vocabulary.ordinal(item)}`])
        if (!bytes) continue
        const { items: ordinals, weights } = readNeighbours(bytes)
        for (let i = 0; i < ordinals.length; i += 3) {
          const sum = sums.get(vocabulary.index(ordinals[i]!)) ?? [0, 0]
          sums.set(vocabulary.index(ordinals[i]!), [sum[0] + weights[i + 1]!, sum[1] + weights[i + 2]!])
        }
      }
      const row = merged[item]!
      expect(row.items.length).toBe(3 * sums.size)
      for (let i = 0; i < row.items.length; i += 3) {
        const [after, before] = sums.get(row.items[i]!)!
        expect(row.weights[i + 1]).toBeCloseTo(after, 4)
        expect(row.weights[i + 2]).toBeCloseTo(before, 4)
      }
    }
  })

  it('are read once while they are young, and again when they are not', async () => {
    await randomVisits(400, 10)
    await refresh()
    const rows = rowsWith({ maxBytes: 1e6, maxAgeMs: SECOND })
    const before = await everything(rows)
    reads = 0
    await visits('user-1', 'item-1', 'item-2', 'item-3')
    reads = 0
    now = SECOND - 1
    expect(await everything(rows)).toEqual(before)
    expect(reads).toBe(0)
    now = SECOND
    expect(await everything(rows)).toEqual(await everything(rowsWith(NO_CACHE)))
    expect(await everything(rows)).not.toEqual(before)
  })

  it('without a cache are read anew every time', async () => {
    await randomVisits(100, 10)
    await refresh()
    const rows = rowsWith(NO_CACHE)
    for (let i = 0; i < 20; i++) {
      await visits('user-1', `item-${i % 10}`)
      expect(await everything(rows)).toEqual(await everything(rowsWith(NO_CACHE)))
    }
    expect(rows.cachedBytes).toBe(0)
  })

  it('that stay until they change are those committed last, whatever is committed in between', async () => {
    const rows = rowsWith(UNTIL_CHANGED)
    onCommit = (partition, keys) => rows.forget(partition, keys)
    // New items are met all along, by one partition after another, and vocabularies lag behind.
    for (let round = 0; round < 60; round++) {
      await randomVisits(5, 5 + round)
      if (round % 3 === 0) await refresh()
      expect(await everything(rows)).toEqual(await everything(rowsWith(NO_CACHE)))
    }
    reads = 0
    await everything(rows)
    expect(reads).toBe(0)
  })
})
