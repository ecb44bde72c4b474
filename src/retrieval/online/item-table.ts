import { KEYS } from '../../state/keys.ts'
import type { Offsets, StateStore } from '../../state/state-store.ts'
import { decay } from '../../state/values/decay.ts'
import {
  ItemStatisticsChunk,
  POPULARITY_HALF_LIFE_MS,
  STATISTICS_CHUNK,
  TREND_HALF_LIFE_MS,
} from '../../state/values/item-statistics.ts'
import { decodePosition } from '../../state/values/position.ts'
import type { PartitionVocabulary } from './partition-vocabulary.ts'

const RARITY_OFFSET = 5
const RARITY_EXPONENT = 0.2
/** Decayed sums are as of a multiple of this: they cannot overflow, and do not depend on when they were first read. */
const LANDMARK_MS = 20 * TREND_HALF_LIFE_MS

interface Shard {
  readonly vocabulary: PartitionVocabulary
  /** By ordinal. */
  visits: Float64Array
  ratings: Float64Array
  ratingSum: Float64Array
  popularity: Float64Array
  trend: Float64Array
  /** The stored bytes that the arrays were made of, by chunk: a chunk that has not changed is left alone. */
  readonly chunks: (Uint8Array | undefined)[]
  /** Of the partition, when its statistics were last read; undefined where the state does not say. */
  position?: Offsets | undefined
}

/**
 * Statistics of every item over all partitions, by item index: summed from the partitions' shards, and refreshed
 * chunk by chunk as they change. Decayed sums are comparable with each other, as of `asOf`. What the table says depends
 * on the state alone, to the last bit, and not on how often it was refreshed on the way there.
 */
export class ItemTable {
  readonly #store: StateStore
  readonly #group: string
  readonly #shards: readonly Shard[]
  #asOf = 0
  visits = new Float64Array(0)
  /** Mean rating times ratings, and ratings. */
  ratingSum = new Float64Array(0)
  ratings = new Float64Array(0)
  popularity = new Float64Array(0)
  trend = new Float64Array(0)
  /** (RARITY_OFFSET + visits)^-RARITY_EXPONENT: less for what everyone visits. */
  rarity = new Float64Array(0)
  /** Another number whenever something of it has changed. */
  revision = 0

  constructor(store: StateStore, group: string, vocabularies: readonly PartitionVocabulary[]) {
    this.#store = store
    this.#group = group
    this.#shards = vocabularies.map((vocabulary) => ({ vocabulary, ...columns(0), chunks: [] }))
  }

  /** By partition: where it stood when it was last read; undefined where the state does not say. */
  get positions(): readonly (Offsets | undefined)[] {
    return this.#shards.map(({ position, vocabulary }) => position ?? (vocabulary.size === 0 ? {} : undefined))
  }

  /**
   * Reads the chunks again and takes in those that changed.
   * @param now stream time
   * @param size item indexes given out so far
   */
  async refresh(now: number, size: number): Promise<void> {
    const outgrown = size > this.visits.length || this.#shards.some((s) => s.vocabulary.size > s.visits.length)
    const landmark = Math.floor(now / LANDMARK_MS) * LANDMARK_MS
    if (outgrown || landmark !== this.#asOf) this.#startAnew(landmark, size)
    await Promise.all(this.#shards.map((shard, partition) => this.#readShard(shard, partition)))
  }

  #startAnew(landmark: number, size: number): void {
    this.#asOf = landmark
    this.revision++
    Object.assign(this, columns(Math.max(1024, size * 2)))
    this.rarity = new Float64Array(this.visits.length).fill(RARITY_OFFSET ** -RARITY_EXPONENT)
    for (const shard of this.#shards) {
      Object.assign(shard, columns(Math.max(1024, shard.vocabulary.size * 2)))
      shard.chunks.length = 0
    }
  }

  async #readShard(shard: Shard, partition: number): Promise<void> {
    const count = Math.ceil(shard.vocabulary.size / STATISTICS_CHUNK)
    const keys = Array.from({ length: count }, (_, chunk) => KEYS.statistics + chunk)
    const [position, ...values] = await this.#store.read(this.#group, partition, [KEYS.position, ...keys])
    shard.position = decodePosition(position)
    values.forEach((bytes, chunk) => {
      const before = shard.chunks[chunk]
      if (!bytes || (before && Buffer.compare(before, bytes) === 0)) return
      shard.chunks[chunk] = new Uint8Array(bytes)
      this.#take(shard, chunk, new ItemStatisticsChunk(bytes))
    })
  }

  /** Brings a shard's columns to what a chunk says, and the sums of the items that this changes. */
  #take(shard: Shard, chunk: number, statistics: ItemStatisticsChunk): void {
    const start = chunk * STATISTICS_CHUNK
    for (let ordinal = start; ordinal < Math.min(start + STATISTICS_CHUNK, shard.vocabulary.size); ordinal++) {
      const of = statistics.get(ordinal)
      const popularity = of.popularity * decay(this.#asOf - of.popularityAt, POPULARITY_HALF_LIFE_MS)
      const trend = of.trend * decay(this.#asOf - of.trendAt, TREND_HALF_LIFE_MS)
      const now = { visits: of.visits, ratings: of.ratings, ratingSum: of.ratingSum, popularity, trend }
      if (COLUMNS.every((column) => shard[column][ordinal] === now[column])) continue
      for (const column of COLUMNS) shard[column][ordinal] = now[column]
      this.revision++
      this.#sum(shard.vocabulary.index(ordinal))
    }
  }

  /** Over all shards, in their order. */
  #sum(index: number): void {
    const sums = { visits: 0, ratings: 0, ratingSum: 0, popularity: 0, trend: 0 }
    for (const shard of this.#shards) {
      const ordinal = shard.vocabulary.ordinal(index)
      if (ordinal < 0) continue
      for (const column of COLUMNS) sums[column] += shard[column][ordinal] ?? 0
    }
    for (const column of COLUMNS) this[column][index] = sums[column]
    this.rarity[index] = (RARITY_OFFSET + sums.visits) ** -RARITY_EXPONENT
  }
}

const COLUMNS = ['visits', 'ratings', 'ratingSum', 'popularity', 'trend'] as const

function columns(size: number): Record<(typeof COLUMNS)[number], Float64Array<ArrayBuffer>> {
  return {
    visits: new Float64Array(size),
    ratings: new Float64Array(size),
    ratingSum: new Float64Array(size),
    popularity: new Float64Array(size),
    trend: new Float64Array(size),
  }
}
