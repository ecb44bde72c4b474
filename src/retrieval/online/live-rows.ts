import { partitionOfHash } from '../../events/topics.ts'
import { KEYS } from '../../state/keys.ts'
import type { StateStore } from '../../state/state-store.ts'
import { readWords } from '../../state/values/postings.ts'
import { AgedCache, type CacheLimits } from './aged-cache.ts'
import type { ItemIndex } from './item-index.ts'
import { NeighbourMerger, type NeighbourRow } from './neighbour-row.ts'
import type { PartitionVocabulary } from './partition-vocabulary.ts'
import { readTrail, type TrailRow } from './trail-row.ts'

/** Keeps nothing. */
export const NO_CACHE: CacheLimits = { maxBytes: 0, maxAgeMs: 0 }

/** Everything may stay until it changes: for a caller that passes on what is committed (`LiveRows.forget`). */
export const UNTIL_CHANGED: CacheLimits = { maxBytes: 256 * 2 ** 20, maxAgeMs: Number.POSITIVE_INFINITY }

/** Parts of the cache's bytes. */
const NEIGHBOURS_SHARE = 0.5
const POSTINGS_SHARE = 0.25
const TRAILS_SHARE = 0.25

export interface LiveRowsOptions {
  readonly store: StateStore
  readonly group: string
  readonly items: ItemIndex
  readonly vocabularies: readonly PartitionVocabulary[]
  readonly cache: CacheLimits
  /** Wall clock, ms. */
  readonly now?: () => number
}

/** One value of one partition. */
interface Shard {
  readonly bytes: Uint8Array
  readonly indexes: Int32Array
}

/**
 * What the state knows of items and of trails, which all users share: partitions merged, ordinals translated to item
 * indexes, and kept for a while, since popular items are in most histories.
 *
 * Where `maxAgeMs` is Infinity nothing ages: then whoever commits must `forget` what has changed, and what is read is
 * what was committed last.
 */
export class LiveRows {
  readonly #store: StateStore
  readonly #group: string
  readonly #items: ItemIndex
  readonly #vocabularies: readonly PartitionVocabulary[]
  readonly #isAgeless: boolean
  readonly #now: () => number
  readonly #neighbours: AgedCache<NeighbourRow>
  readonly #postings: AgedCache<Uint32Array>
  /** By the hash of the user's id. */
  readonly #trails: AgedCache<TrailRow>
  readonly #merger = new NeighbourMerger()
  #ordinals = 0

  constructor({ store, group, items, vocabularies, cache, now = () => performance.now() }: LiveRowsOptions) {
    this.#store = store
    this.#group = group
    this.#items = items
    this.#vocabularies = vocabularies
    this.#isAgeless = cache.maxAgeMs === Number.POSITIVE_INFINITY
    this.#now = now
    const part = (share: number) => ({ ...cache, maxBytes: share * cache.maxBytes })
    this.#neighbours = new AgedCache(part(NEIGHBOURS_SHARE))
    this.#postings = new AgedCache(part(POSTINGS_SHARE))
    this.#trails = new AgedCache(part(TRAILS_SHARE))
  }

  get cachedBytes(): number {
    return this.#neighbours.bytes + this.#postings.bytes + this.#trails.bytes
  }

  /** The co-visits out of each of `items` (indexes), in their order: at most one read a partition. */
  async neighbours(items: readonly number[]): Promise<NeighbourRow[]> {
    return this.#ofItems(this.#neighbours, KEYS.neighbours, items, (shards) => {
      const row = this.#merger.merge(shards, this.#items.size)
      return [row, row.items.byteLength]
    })
  }

  /** Where each of `items` was visited lately, in the same way: the trail, then the position in it, one after another. */
  async postings(items: readonly number[]): Promise<Uint32Array[]> {
    return this.#ofItems(this.#postings, KEYS.postings, items, (shards) => {
      const lists = shards.map(({ bytes }) => readWords(bytes).subarray(1))
      const joined = new Uint32Array(lists.reduce((length, list) => length + list.length, 0))
      let length = 0
      for (const list of lists) {
        joined.set(list, length)
        length += list.length
      }
      return [joined, joined.byteLength]
    })
  }

  /** The trails of some users, by the hash of their id, in the order asked for: at most one read a partition. */
  async trails(hashes: readonly number[]): Promise<(TrailRow | undefined)[]> {
    this.#noticeGrowth()
    const now = this.#now()
    const rows = hashes.map((hash) => this.#trails.get(hash, now))
    const missing: number[][] = this.#vocabularies.map(() => [])
    for (let at = 0; at < rows.length; at++) {
      if (!rows[at]) missing[partitionOfHash(hashes[at]!, missing.length)]!.push(at)
    }
    const reads = missing.map(async (places, partition) => {
      if (places.length === 0) return
      const keys = places.map((at) => KEYS.trails + hashes[at]!)
      const values = await this.#store.read(this.#group, partition, keys)
      const { indexes } = this.#vocabularies[partition]!
      places.forEach((at, i) => {
        if (!values[i]) return
        const row = readTrail(values[i], indexes)
        rows[at] = row
        this.#trails.set(hashes[at]!, row, row.items.byteLength, now)
      })
    })
    await Promise.all(reads)
    return rows
  }

  /** @param keys of values of the partition that have been written */
  forget(partition: number, keys: Iterable<string>): void {
    const { indexes } = this.#vocabularies[partition]!
    for (const key of keys) {
      if (key.startsWith(KEYS.trails)) this.#trails.delete(Number(key.slice(KEYS.trails.length)))
      if (key.startsWith(KEYS.neighbours)) {
        this.#neighbours.delete(indexes[Number(key.slice(KEYS.neighbours.length))] ?? -1)
      }
      if (key.startsWith(KEYS.postings)) this.#postings.delete(indexes[Number(key.slice(KEYS.postings.length))] ?? -1)
    }
  }

  async #ofItems<T>(
    cache: AgedCache<T>,
    prefix: string,
    items: readonly number[],
    merge: (shards: readonly Shard[]) => [value: T, bytes: number],
  ): Promise<T[]> {
    this.#noticeGrowth()
    const now = this.#now()
    const rows = items.map((item) => cache.get(item, now))
    const missing = [...rows.keys()].filter((at) => rows[at] === undefined)
    if (missing.length > 0) {
      const shards = await this.#shards(
        prefix,
        missing.map((at) => items[at]!),
      )
      missing.forEach((at, i) => {
        const [value, bytes] = merge(shards[i]!)
        rows[at] = value
        cache.set(items[at]!, value, bytes, now)
      })
    }
    return rows as T[]
  }

  /** What each partition that has met them stores of items. */
  async #shards(prefix: string, items: readonly number[]): Promise<Shard[][]> {
    const shards: Shard[][] = items.map(() => [])
    const reads = this.#vocabularies.map(async (vocabulary, partition) => {
      const asked: number[] = []
      const keys: string[] = []
      items.forEach((item, place) => {
        const ordinal = vocabulary.ordinal(item)
        if (ordinal < 0) return
        asked.push(place)
        keys.push(prefix + ordinal)
      })
      if (keys.length === 0) return
      const values = await this.#store.read(this.#group, partition, keys)
      values.forEach((bytes, at) => {
        if (bytes) shards[asked[at]!]![partition] = { bytes, indexes: vocabulary.indexes }
      })
    })
    await Promise.all(reads)
    // By partition, whichever answered first: sums of the same numbers in the same order are the same.
    return shards.map((of) => of.filter(Boolean))
  }

  /** What an ordinal stands for that was met since is missing in what is kept: where nothing ages, it goes. */
  #noticeGrowth(): void {
    if (!this.#isAgeless) return
    let ordinals = 0
    for (const { size } of this.#vocabularies) ordinals += size
    if (ordinals === this.#ordinals) return
    this.#ordinals = ordinals
    this.#neighbours.clear()
    this.#postings.clear()
    this.#trails.clear()
  }
}
