import { expect, it } from 'vitest'
import { ASKED_BUCKETS } from '../../src/kernels/event-context.ts'
import { GENRE_SLOTS, itemTraits, TRAITS } from '../../src/kernels/item-traits.ts'
import { FEATURES_A_USER, USER_FEATURES, userFeatures } from '../../src/kernels/query-features.ts'

const FIRST_OF_GENRE = USER_FEATURES - GENRE_SLOTS
const traits = itemTraits([
  { itemId: 'a', title: 'A', genres: ['War', 'Drama'], year: 1950 },
  { itemId: 'b', title: 'B', genres: ['Comedy'], year: 1960 },
  undefined,
  { itemId: 'd', title: 'D', genres: ['Horror'] },
])
/** Slot of the item's first genre. */
const genreOf = (item: number) => FIRST_OF_GENRE + traits[item * TRAITS + 1]!

function featuresOf(item: number[], value: number[]): number[] {
  const events = {
    item: Int32Array.from(item),
    value: Float32Array.from(value),
    kind: new Uint8Array(item.length),
    at: Float64Array.from(item, (_, i) => 1e12 + i),
  }
  const columns = new Int32Array(FEATURES_A_USER)
  userFeatures(events, 0, item.length, 1e12, traits, columns)
  return [...columns]
}

it('favourite genres are those that are liked, the best first, and what is disliked is none', () => {
  const genres = featuresOf([1, 0, 1, 3, 2, -1], [4, 4, 4, 1, 5, 5]).slice(-3)
  expect(genres[0]).toBe(genreOf(1))
  // War and Drama, in some order.
  expect(genres[1]).toBeGreaterThan(FIRST_OF_GENRE)
  expect(genres[2]).toBeGreaterThan(FIRST_OF_GENRE)
  expect(featuresOf([3], [1]).slice(-3)).toEqual([FIRST_OF_GENRE, FIRST_OF_GENRE, FIRST_OF_GENRE])
})

it('an empty window says what one says of which nothing is known, and that it was long ago', () => {
  const [length, mean, variance, asked, ...rest] = featuresOf([], [])
  expect([length, mean, variance, ...rest]).toEqual(featuresOf([2], [Number.NaN]).filter((_, i) => i !== 3))
  expect(asked).toBe(featuresOf([2], [Number.NaN])[3]! + ASKED_BUCKETS - 1)
})

it('the mean release year falls into buckets of equal width, none where no year is known', () => {
  const year = (items: number[]) =>
    featuresOf(
      items,
      items.map(() => 4),
    )[4]!
  const none = year([2, 3])
  expect(year([0]) - none).toBe(7)
  expect(year([0, 1])).toBe(year([0]) + 1)
  expect(year([1, 2])).toBe(year([0]) + 2)
})
