import type { Catalogue } from '../../catalogue/catalogue.ts'
import type { ItemIndex } from './item-index.ts'
import type { ItemTable } from './item-table.ts'

const LENGTH = 300

export interface Top {
  readonly item: number
  /** Of all that was counted; the list sums to at most 1. */
  readonly share: number
}

/** The items most popular, most trending, and most popular of each genre: made anew when the statistics have moved. */
export class TopLists {
  readonly #items: ItemIndex
  readonly #catalogue: Catalogue
  /** 1 for item indexes that may be shown. */
  available = new Uint8Array(0)
  popular: readonly Top[] = []
  trending: readonly Top[] = []
  /** Of the statistics that the lists were made of, as the table has them. */
  positions: ItemTable['positions'] = []
  #byGenre = new Map<string, Top[]>()
  #changed = true
  #shown: number[] = []
  /** By item index. */
  #genres: (readonly string[])[] = []

  constructor(items: ItemIndex, catalogue: Catalogue) {
    this.#items = items
    this.#catalogue = catalogue
    for (const { itemId } of catalogue.values()) items.index(itemId)
    catalogue.onChange(({ itemId, available = true }) => {
      this.#show(items.index(itemId), available)
      this.#changed = true
    })
  }

  ofGenre(genre: string): readonly Top[] {
    return this.#byGenre.get(genre) ?? []
  }

  refresh(table: ItemTable): void {
    this.positions = table.positions
    const known = this.#known()
    const visited = known.filter((item) => table.visits[item]! > 0)
    const byPopularity = visited.toSorted((a, b) => table.popularity[b]! - table.popularity[a]!)
    const total = sum(visited, table.popularity)
    this.#byGenre = new Map()
    for (const item of byPopularity) {
      for (const genre of this.#genres[item]!) {
        const list = this.#byGenre.get(genre) ?? []
        if (list.length < LENGTH) list.push({ item, share: table.popularity[item]! / total })
        this.#byGenre.set(genre, list)
      }
    }
    const byTrend = visited.toSorted((a, b) => table.trend[b]! - table.trend[a]!).slice(0, LENGTH)
    const totalTrend = sum(visited, table.trend)
    this.trending = byTrend.map((item) => ({ item, share: table.trend[item]! / totalTrend }))
    // Before anything has been visited the catalogue itself, in its order, is better than an empty page.
    const first = byPopularity.length > 0 ? byPopularity : known
    this.popular = first
      .slice(0, LENGTH)
      .map((item, rank) => ({ item, share: total > 0 ? table.popularity[item]! / total : 1 / (LENGTH + rank) }))
  }

  /** At once, and not only with the next refresh: what is new can be recommended, what is gone cannot. */
  #show(item: number, available: boolean): void {
    if (item >= this.available.length) {
      const grown = new Uint8Array(Math.max(1024, 2 * item))
      grown.set(this.available)
      this.available = grown
    }
    this.available[item] = available ? 1 : 0
  }

  /** Items that may be shown, read from the catalogue again when it has changed. */
  #known(): readonly number[] {
    if (!this.#changed) return this.#shown
    this.#changed = false
    this.#shown = []
    this.#genres = []
    this.available = new Uint8Array(this.#items.size)
    for (const { itemId, available = true, genres = [] } of this.#catalogue.values()) {
      if (!available) continue
      const item = this.#items.index(itemId)
      this.available[item] = 1
      this.#shown.push(item)
      this.#genres[item] = genres
    }
    return this.#shown
  }
}

function sum(items: readonly number[], column: Float64Array): number {
  let total = 0
  for (const item of items) total += column[item]!
  return total
}
