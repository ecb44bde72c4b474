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
  #byGenre = new Map<string, Top[]>()

  constructor(items: ItemIndex, catalogue: Catalogue) {
    this.#items = items
    this.#catalogue = catalogue
  }

  ofGenre(genre: string): readonly Top[] {
    return this.#byGenre.get(genre) ?? []
  }

  refresh(table: ItemTable): void {
    this.available = new Uint8Array(this.#items.size)
    const known: number[] = []
    for (const { itemId, available = true } of this.#catalogue.values()) {
      if (!available) continue
      const item = this.#items.index(itemId)
      this.available[item] = 1
      known.push(item)
    }
    const visited = known.filter((item) => table.visits[item]! > 0)
    const byPopularity = visited.toSorted((a, b) => table.popularity[b]! - table.popularity[a]!)
    const total = sum(visited, table.popularity)
    this.#byGenre = new Map()
    for (const item of byPopularity) {
      for (const genre of this.#catalogue.get(this.#items.id(item))?.genres ?? []) {
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
}

function sum(items: readonly number[], column: Float64Array): number {
  let total = 0
  for (const item of items) total += column[item]!
  return total
}
