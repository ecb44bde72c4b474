import { addDecayed } from './decay.ts'

const DAY_MS = 24 * 3600 * 1000
/** Half-lives of what is called popular and of what is called trending. */
export const POPULARITY_HALF_LIFE_MS = 30 * DAY_MS
export const TREND_HALF_LIFE_MS = 1 * DAY_MS

/** Items of one stored chunk: a batch then writes a few kilobytes per touched neighbourhood of ordinals. */
export const STATISTICS_CHUNK = 32
const COLUMNS = 8
const VISITS = 0
const RATINGS = 1
const RATING_SUM = 2
const RATING_SQUARES = 3
const POPULARITY = 4 // and 5: its as-of time
const TREND = 6 // and 7

export interface ItemStatistics {
  /** Times the item was consumed. */
  visits: number
  ratings: number
  ratingSum: number
  ratingSquares: number
  /** Decayed visits, slowly and quickly, each as of the item's latest visit. */
  popularity: number
  popularityAt: number
  trend: number
  trendAt: number
}

/** Statistics of STATISTICS_CHUNK consecutive item ordinals, 8 f64 each (the two decayed sums with their times). */
export class ItemStatisticsChunk {
  #columns: Float64Array<ArrayBuffer>

  /** @param bytes as `encode` gave them; copied */
  constructor(bytes?: Uint8Array) {
    const buffer = new ArrayBuffer(STATISTICS_CHUNK * COLUMNS * 8)
    if (bytes) new Uint8Array(buffer).set(bytes)
    this.#columns = new Float64Array(buffer)
  }

  /** @param item ordinal; @param value rating, NaN where the visit carried none */
  add(item: number, value: number, at: number): void {
    const row = (item % STATISTICS_CHUNK) * COLUMNS
    const columns = this.#columns
    columns[row + VISITS]!++
    if (!Number.isNaN(value)) {
      columns[row + RATINGS]!++
      columns[row + RATING_SUM]! += value
      columns[row + RATING_SQUARES]! += value * value
    }
    addDecayed(columns, row + POPULARITY, 1, at, POPULARITY_HALF_LIFE_MS)
    addDecayed(columns, row + TREND, 1, at, TREND_HALF_LIFE_MS)
  }

  /** Takes back what `add` was given. */
  subtract(item: number, value: number, at: number): void {
    const row = (item % STATISTICS_CHUNK) * COLUMNS
    const columns = this.#columns
    columns[row + VISITS]!--
    if (!Number.isNaN(value)) {
      columns[row + RATINGS]!--
      columns[row + RATING_SUM]! -= value
      columns[row + RATING_SQUARES]! -= value * value
    }
    addDecayed(columns, row + POPULARITY, -1, at, POPULARITY_HALF_LIFE_MS)
    addDecayed(columns, row + TREND, -1, at, TREND_HALF_LIFE_MS)
  }

  /** @param item ordinal */
  get(item: number): ItemStatistics {
    const row = (item % STATISTICS_CHUNK) * COLUMNS
    const column = (index: number) => this.#columns[row + index]!
    return {
      visits: column(VISITS),
      ratings: column(RATINGS),
      ratingSum: column(RATING_SUM),
      ratingSquares: column(RATING_SQUARES),
      popularity: column(POPULARITY),
      popularityAt: column(POPULARITY + 1),
      trend: column(TREND),
      trendAt: column(TREND + 1),
    }
  }

  /** The stored form: a view, valid until the next `add`. */
  encode(): Uint8Array {
    return new Uint8Array(this.#columns.buffer)
  }
}
