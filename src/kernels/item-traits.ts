// What of an item a user's taste is summed up in: its release year and its genres. A tensor of the release, so that
// training and serving read the same.
import type { Item } from '../events/types.ts'
import { hashed } from './item-content.ts'

/** Slots that genres are hashed to; 0 stands for none. */
export const GENRE_SLOTS = 64
const GENRES_AN_ITEM = 4
/** Columns of an item: the year, 0 where none is known, and its genres. */
export const TRAITS = 1 + GENRES_AN_ITEM

/** (items, TRAITS) */
export function itemTraits(items: readonly (Item | undefined)[]): Float32Array {
  const traits = new Float32Array(items.length * TRAITS)
  items.forEach((item, row) => {
    traits[row * TRAITS] = item?.year ?? 0
    item?.genres?.slice(0, GENRES_AN_ITEM).forEach((genre, i) => {
      traits[row * TRAITS + 1 + i] = 1 + hashed(`genre ${genre}`, GENRE_SLOTS - 1)
    })
  })
  return traits
}
