import { addDecayed, decay } from './decay.ts'

const DAY_MS = 24 * 3600 * 1000
/** Taste fades by half in this stream time. */
export const TASTE_HALF_LIFE_MS = 180 * DAY_MS
/** Genres kept of a user: those met most recently. */
export const GENRES_LENGTH = 32

const COUNT = 0
const VALUES = 1
const VALUE_SUM = 2
const VALUE_SQUARES = 3
const YEARS = 4
const YEAR_SUM = 5
const FIRST_AT = 6
const LAST_AT = 7
const HEADER = 8
/** Per genre: ordinal, visits, decayed preference, its as-of time. */
const GENRE = 4

export interface GenreTaste {
  /** Ordinal of the partition's genre vocabulary. */
  readonly genre: number
  readonly visits: number
  /** Decayed sum of preferences (-1 to 1 each) as of `now`. */
  readonly preference: number
}

/** Running aggregates of one user, f64 throughout: 64 bytes and 32 more a genre. */
export class UserFeatures {
  #columns: Float64Array<ArrayBuffer>

  /** @param bytes as `encode` gave them; copied */
  constructor(bytes?: Uint8Array) {
    const buffer = new ArrayBuffer(bytes?.byteLength ?? HEADER * 8)
    if (bytes) new Uint8Array(buffer).set(bytes)
    this.#columns = new Float64Array(buffer)
    if (!bytes) this.#columns[FIRST_AT] = Number.NaN
  }

  /**
   * @param value rating, NaN where there is none
   * @param preference how much the user liked it, about -1 to 1
   * @param genres ordinals of the item's genres
   * @param year of release, undefined where unknown
   */
  add(value: number, preference: number, at: number, genres: readonly number[], year: number | undefined): void {
    const columns = this.#columns
    columns[COUNT]!++
    if (!Number.isNaN(value)) {
      columns[VALUES]!++
      columns[VALUE_SUM]! += value
      columns[VALUE_SQUARES]! += value * value
    }
    if (year !== undefined) {
      columns[YEARS]!++
      columns[YEAR_SUM]! += year
    }
    if (!(columns[FIRST_AT]! <= at)) columns[FIRST_AT] = at
    if (columns[LAST_AT]! < at) columns[LAST_AT] = at
    for (const genre of genres) this.#addGenre(genre, preference, at)
  }

  /** Takes back what `add` was given; the first and the last time stay. */
  subtract(value: number, preference: number, at: number, genres: readonly number[], year: number | undefined): void {
    const columns = this.#columns
    columns[COUNT]!--
    if (!Number.isNaN(value)) {
      columns[VALUES]!--
      columns[VALUE_SUM]! -= value
      columns[VALUE_SQUARES]! -= value * value
    }
    if (year !== undefined) {
      columns[YEARS]!--
      columns[YEAR_SUM]! -= year
    }
    for (const genre of genres) {
      const row = this.#rowOf(genre)
      if (row === columns.length) continue
      columns[row + 1]!--
      addDecayed(columns, row + 2, -preference, at, TASTE_HALF_LIFE_MS)
    }
  }

  get count(): number {
    return this.#columns[COUNT]!
  }
  get meanValue(): number | null {
    return this.#columns[VALUES]! > 0 ? this.#columns[VALUE_SUM]! / this.#columns[VALUES]! : null
  }
  /** Population variance of the ratings. */
  get valueVariance(): number | null {
    const mean = this.meanValue
    return mean === null ? null : Math.max(0, this.#columns[VALUE_SQUARES]! / this.#columns[VALUES]! - mean * mean)
  }
  get meanYear(): number | null {
    return this.#columns[YEARS]! > 0 ? this.#columns[YEAR_SUM]! / this.#columns[YEARS]! : null
  }
  get firstAt(): number | null {
    return this.count > 0 ? this.#columns[FIRST_AT]! : null
  }
  get lastAt(): number | null {
    return this.count > 0 ? this.#columns[LAST_AT]! : null
  }

  /** Strongest preference first, as of stream time `now`. */
  genres(now: number): GenreTaste[] {
    const tastes: GenreTaste[] = []
    for (let at = HEADER; at < this.#columns.length; at += GENRE) {
      const preference = this.#columns[at + 2]! * decay(now - this.#columns[at + 3]!, TASTE_HALF_LIFE_MS)
      tastes.push({ genre: this.#columns[at]!, visits: this.#columns[at + 1]!, preference })
    }
    return tastes.sort((a, b) => b.preference - a.preference || a.genre - b.genre)
  }

  /** The stored form: a view, valid until the next `add`. */
  encode(): Uint8Array {
    return new Uint8Array(this.#columns.buffer)
  }

  #addGenre(genre: number, preference: number, at: number): void {
    let row = this.#rowOf(genre)
    if (row === this.#columns.length) row = this.#rowForNew(genre)
    this.#columns[row + 1]!++
    addDecayed(this.#columns, row + 2, preference, at, TASTE_HALF_LIFE_MS)
  }

  /** Where there is none, the end. */
  #rowOf(genre: number): number {
    let row = HEADER
    while (row < this.#columns.length && this.#columns[row] !== genre) row += GENRE
    return row
  }

  #rowForNew(genre: number): number {
    let row = this.#columns.length
    if (row < HEADER + GENRES_LENGTH * GENRE) {
      const columns = new Float64Array(row + GENRE)
      columns.set(this.#columns)
      this.#columns = columns
    } else {
      row = HEADER
      for (let at = HEADER; at < this.#columns.length; at += GENRE) {
        if (this.#columns[at + 3]! < this.#columns[row + 3]!) row = at
      }
      this.#columns.fill(0, row, row + GENRE)
    }
    this.#columns[row] = genre
    return row
  }
}
