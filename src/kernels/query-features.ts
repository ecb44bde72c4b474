// What the query tower is told of a history beside its items. Training and serving read it here.
import { KINDS, preferenceOf } from '../events/kinds.ts'
import type { EventColumns } from './event-context.ts'
import { ASKED_BUCKETS, askedBucket, GAP_BUCKETS, gapBucket, VALUE_BUCKETS, valueBucket } from './event-context.ts'
import { GENRE_SLOTS, TRAITS } from './item-traits.ts'

/** How an event was meant: its kind and value together. */
export const MEANINGS = KINDS.length * VALUE_BUCKETS
/** How long before the newest event it was: powers of two from a second on. */
export const AGES = GAP_BUCKETS

export function meaningOf(events: EventColumns, event: number): number {
  return events.kind[event]! * VALUE_BUCKETS + valueBucket(events.value[event]!)
}

export function ageOf(at: number, newestAt: number): number {
  return gapBucket(newestAt - at)
}

const LENGTHS = 8
const MEANS = 11
const VARIANCES = 6
/** The genres that a user likes most. */
const FAVOURITES = 3
/** Of the mean release year: five years wide, the first and the last open. */
const YEAR_WIDTH = 5
const FIRST_YEAR = 1920
const YEARS = 22
const FIRST_OF_MEAN = LENGTHS
const FIRST_OF_VARIANCE = FIRST_OF_MEAN + MEANS
const FIRST_OF_ASKED = FIRST_OF_VARIANCE + VARIANCES
const FIRST_OF_YEAR = FIRST_OF_ASKED + ASKED_BUCKETS
const FIRST_OF_GENRE = FIRST_OF_YEAR + YEARS
export const USER_FEATURES = FIRST_OF_GENRE + GENRE_SLOTS
export const FEATURES_A_USER = 5 + FAVOURITES

export interface UserEvents extends EventColumns {
  /** Item indexes; negative for what is not in the vocabulary. */
  readonly item: Int32Array | Uint32Array
}

/**
 * What a window of events says about its user: buckets of its length (logarithmic), of the mean value, its variance and
 * the mean release year (equal width), of the time since its last event, and the favourite genres. Of an empty window:
 * that nothing is known.
 *
 * @param from first event of the window
 * @param to the event after its last
 * @param traits of all items, as `itemTraits` gives them
 * @param into columns that are 1; one may stand in it more than once, and then counts as often
 */
export function userFeatures(
  events: UserEvents,
  from: number,
  to: number,
  askedAt: number,
  traits: Float32Array,
  into: Int32Array,
): void {
  const { count, mean, variance } = moments(events.value, from, to)
  into[0] = Math.min(LENGTHS - 1, Math.floor(Math.log2(Math.max(1, to - from))))
  into[1] = FIRST_OF_MEAN + (count === 0 ? 0 : Math.max(1, Math.min(MEANS - 1, Math.round(2 * mean))))
  into[2] = FIRST_OF_VARIANCE + (count < 2 ? 0 : Math.min(VARIANCES - 1, 1 + Math.floor(2 * variance)))
  const sinceLast = to > from ? askedAt - events.at[to - 1]! : Number.POSITIVE_INFINITY
  into[3] = FIRST_OF_ASKED + askedBucket(sinceLast)
  const { year, taste } = tasteOf(events, from, to, traits)
  const bucket = 1 + Math.floor((year - FIRST_YEAR) / YEAR_WIDTH)
  into[4] = FIRST_OF_YEAR + (Number.isNaN(year) ? 0 : Math.max(1, Math.min(YEARS - 1, bucket)))
  for (let i = 0; i < FAVOURITES; i++) {
    let best = 0
    for (let genre = 1; genre < GENRE_SLOTS; genre++) if (taste[genre]! > taste[best]!) best = genre
    into[5 + i] = FIRST_OF_GENRE + best
    taste[best] = 0
  }
}

function moments(values: Float32Array, from: number, to: number) {
  let count = 0
  let mean = 0
  let squares = 0
  for (let event = from; event < to; event++) {
    const value = values[event]!
    if (Number.isNaN(value)) continue
    const delta = value - mean
    mean += delta / ++count
    squares += delta * (value - mean)
  }
  return { count, mean, variance: squares / count }
}

/** The mean release year, NaN where none is known, and the sum of preferences by genre, where slot 0 stays 0. */
function tasteOf({ item, kind, value }: UserEvents, from: number, to: number, traits: Float32Array) {
  const taste = new Float64Array(GENRE_SLOTS)
  let [years, sum] = [0, 0]
  for (let event = from; event < to; event++) {
    if (item[event]! < 0) continue
    const row = item[event]! * TRAITS
    if (traits[row]! > 0) {
      years++
      sum += traits[row]!
    }
    const rated = value[event]!
    const preference = preferenceOf({ kind: KINDS[kind[event]!]!, ...(!Number.isNaN(rated) && { value: rated }) })
    for (let i = 1; i < TRAITS && traits[row + i]! > 0; i++) taste[traits[row + i]!]! += preference
  }
  return { year: sum / years, taste }
}
