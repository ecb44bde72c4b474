import { KEYS } from '../../state/keys.ts'
import type { StateStore } from '../../state/state-store.ts'
import { decay } from '../../state/values/decay.ts'
import {
  ItemStatisticsChunk,
  POPULARITY_HALF_LIFE_MS,
  STATISTICS_CHUNK,
  TREND_HALF_LIFE_MS,
} from '../../state/values/item-statistics.ts'
import type { PartitionVocabulary } from './partition-vocabulary.ts'

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
}

/**
 * Statistics of every item over all partitions, by item index: summed from the partitions' shards, and refreshed
 * chunk by chunk as they change. Decayed sums are comparable with each other, as of `asOf`.
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
  totalVisits = 0

  constructor(store: StateStore, group: string, vocabularies: readonly PartitionVocabulary[]) {
    this.#store = store
    this.#group = group
    this.#shards = vocabularies.map((vocabulary) => ({ vocabulary, ...columns(0), chunks: [] }))
  }

  /**
   * Reads the chunks again and takes in those that changed.
   * @param now stream time
   * @param size item indexes given out so far
   */
  async refresh(now: number, size: number): Promise<void> {
    if (size > this.visits.length) {
      Object.assign(this, columns(Math.max(1024, size * 2)))
      this.totalVisits = 0
    } else if (now - this.#asOf < 20 * TREND_HALF_LIFE_MS) {
      return this.#readAll(false)
    }
    // The landmark of the decayed sums moves before they could overflow: everything is summed anew.
    this.#asOf = now
    await this.#readAll(true)
  }

  async #readAll(anew: boolean): Promise<void> {
    await Promise.all(this.#shards.map((shard, partition) => this.#readShard(shard, partition, anew)))
  }

  async #readShard(shard: Shard, partition: number, anew: boolean): Promise<void> {
    const { size } = shard.vocabulary
    if (size > shard.visits.length) {
      anew = true
      Object.assign(shard, columns(size * 2))
    }
    const count = Math.ceil(size / STATISTICS_CHUNK)
    const keys = Array.from({ length: count }, (_, chunk) => KEYS.statistics + chunk)
    const values = await this.#store.read(this.#group, partition, keys)
    values.forEach((bytes, chunk) => {
      if (!bytes) return
      const before = shard.chunks[chunk]
      if (!anew && before && Buffer.compare(before, bytes) === 0) return
      shard.chunks[chunk] = new Uint8Array(bytes)
      this.#take(shard, chunk, new ItemStatisticsChunk(bytes))
    })
  }

  #take(shard: Shard, chunk: number, statistics: ItemStatisticsChunk): void {
    const start = chunk * STATISTICS_CHUNK
    for (let ordinal = start; ordinal < Math.min(start + STATISTICS_CHUNK, shard.vocabulary.size); ordinal++) {
      const of = statistics.get(ordinal)
      shard.visits[ordinal] = of.visits
      shard.ratings[ordinal] = of.ratings
      shard.ratingSum[ordinal] = of.ratingSum
      shard.popularity[ordinal] = of.popularity * decay(this.#asOf - of.popularityAt, POPULARITY_HALF_LIFE_MS)
      shard.trend[ordinal] = of.trend * decay(this.#asOf - of.trendAt, TREND_HALF_LIFE_MS)
      this.#sum(shard.vocabulary.index(ordinal))
    }
  }

  #sum(index: number): void {
    this.totalVisits -= this.visits[index]!
    for (const column of COLUMNS) {
      let sum = 0
      for (const shard of this.#shards) {
        const ordinal = shard.vocabulary.ordinal(index)
        if (ordinal >= 0) sum += shard[column][ordinal] ?? 0
      }
      this[column][index] = sum
    }
    this.totalVisits += this.visits[index]!
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
