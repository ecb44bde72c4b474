import type { Catalogue } from '../catalogue/catalogue.ts'
import { KINDS, type KindMeanings } from '../events/kinds.ts'
import type { ItemIndex } from './online/item-index.ts'
import type { HistoryEntry, UserState } from './online/online-state.ts'
import type { TopLists } from './online/top-lists.ts'

/** Whether an item (index) may stay. Filters run in order; an item is counted as removed by the first that says no. */
export interface Filter {
  readonly name: string
  keeps(item: number): boolean
}

/** Removes what the user has met before, but for kinds that do not exclude (a click alone). */
export function notSeen(history: readonly HistoryEntry[], user: UserState | undefined, kinds: KindMeanings): Filter {
  const seen = new Set(user?.beyond)
  for (const { item, kind } of history) if (kinds[KINDS[kind]!].excludes) seen.add(item)
  return { name: 'seen', keeps: (item) => !seen.has(item) }
}

export function notExcluded(exclude: readonly string[], items: ItemIndex): Filter {
  const excluded = new Set(exclude.map((itemId) => items.find(itemId)))
  return { name: 'excluded', keeps: (item) => !excluded.has(item) }
}

/** Removes what the catalogue does not know, or knows as unavailable: as of the last refresh of the lists. */
export function available(lists: TopLists): Filter {
  return { name: 'unavailable', keeps: (item) => lists.available[item] === 1 }
}

export function inCategory(category: string, catalogue: Catalogue, items: ItemIndex): Filter {
  const wanted = category.toLowerCase()
  return {
    name: 'category',
    keeps: (item) => catalogue.get(items.id(item))?.genres?.some((genre) => genre.toLowerCase() === wanted) ?? false,
  }
}

export interface Filtered {
  readonly kept: number[]
  /** Items by the filter that removed them. */
  readonly removed: Readonly<Record<string, number[]>>
}

export function applyFilters(items: ArrayLike<number>, filters: readonly Filter[]): Filtered {
  const kept: number[] = []
  const removed: Record<string, number[]> = {}
  for (let i = 0; i < items.length; i++) {
    const item = items[i]!
    const by = remover(item, filters)
    if (!by) kept.push(item)
    else if (removed[by.name]) removed[by.name]!.push(item)
    else removed[by.name] = [item]
  }
  return { kept, removed }
}

/** The first filter that says no. */
function remover(item: number, filters: readonly Filter[]): Filter | undefined {
  for (let i = 0; i < filters.length; i++) {
    const filter = filters[i]!
    if (!filter.keeps(item)) return filter
  }
  return undefined
}
