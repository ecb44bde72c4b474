import type { Catalogue } from '../catalogue/catalogue.ts'
import type { Item } from '../events/types.ts'
import type { ItemIndex } from '../retrieval/online/item-index.ts'

/** Genres that are told apart: a bit each, in the order they are met. Any further ones are left out. */
export const MOST_GENRES = 32

/** What the catalogue says of items, by item index, in numbers. */
export class ItemContent {
  readonly #items: ItemIndex
  readonly #bits = new Map<string, number>()
  /** Year of release, NaN where unknown. */
  year = new Float64Array(1024).fill(Number.NaN)
  /** A bit for each genre. */
  genres = new Int32Array(1024)
  /** A number for the director named first, 0 where none is. */
  director = new Int32Array(1024)
  readonly #directors = new Map<string, number>()

  constructor(items: ItemIndex, catalogue: Pick<Catalogue, 'values' | 'onChange'>) {
    this.#items = items
    for (const item of catalogue.values()) this.#put(item)
    catalogue.onChange((item) => this.#put(item))
  }

  /** The bit of a genre, 0 for one that no item has. */
  bit(genre: string): number {
    return this.#bits.get(genre) ?? 0
  }

  /** Jaccard similarity of two items' genres: 0 where they have none in common. */
  similarity(a: number, b: number): number {
    return overlap(this.genres[a] ?? 0, this.genres[b] ?? 0)
  }

  #put({ itemId, year = Number.NaN, genres = [], directors = [] }: Item): void {
    const index = this.#items.index(itemId)
    if (index >= this.year.length) this.#grow(2 * index)
    this.year[index] = year
    let mask = 0
    for (const genre of genres) mask |= this.#bitFor(genre)
    this.genres[index] = mask
    this.director[index] = this.#numberFor(directors[0])
  }

  #bitFor(genre: string): number {
    const known = this.#bits.get(genre)
    if (known !== undefined || this.#bits.size === MOST_GENRES) return known ?? 0
    const bit = 1 << this.#bits.size
    this.#bits.set(genre, bit)
    return bit
  }

  #numberFor(director: string | undefined): number {
    if (director === undefined) return 0
    const known = this.#directors.get(director)
    if (known !== undefined) return known
    this.#directors.set(director, this.#directors.size + 1)
    return this.#directors.size
  }

  #grow(size: number): void {
    const { year, genres, director } = this
    this.year = new Float64Array(size).fill(Number.NaN)
    this.year.set(year)
    this.genres = new Int32Array(size)
    this.genres.set(genres)
    this.director = new Int32Array(size)
    this.director.set(director)
  }
}

/** Jaccard similarity of two sets of genres. */
export function overlap(a: number, b: number): number {
  const either = countBits(a | b)
  return either === 0 ? 0 : countBits(a & b) / either
}

export function countBits(mask: number): number {
  // Bits of pairs, then of fours, then of bytes, side by side.
  const pairs = mask - ((mask >>> 1) & 0x55555555)
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333)
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}
