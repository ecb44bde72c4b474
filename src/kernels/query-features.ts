// What the query tower is told of a history beside its items. Training and serving read it here.
import { KINDS } from '../events/kinds.ts'
import type { EventColumns } from './event-context.ts'
import { ASKED_BUCKETS, askedBucket, GAP_BUCKETS, gapBucket, VALUE_BUCKETS, valueBucket } from './event-context.ts'

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
const FIRST_OF_MEAN = LENGTHS
const FIRST_OF_VARIANCE = FIRST_OF_MEAN + MEANS
const FIRST_OF_ASKED = FIRST_OF_VARIANCE + VARIANCES
export const USER_FEATURES = FIRST_OF_ASKED + ASKED_BUCKETS
export const FEATURES_A_USER = 4

/**
 * Buckets of the window's length (logarithmic), mean value and variance (equal width), and of the time since its last
 * event.
 *
 * @param from first event of the window
 * @param to the event after its last
 * @param into columns that are 1
 */
export function userFeatures(events: EventColumns, from: number, to: number, askedAt: number, into: Int32Array): void {
  let count = 0
  let mean = 0
  let squares = 0
  for (let event = from; event < to; event++) {
    const value = events.value[event]!
    if (Number.isNaN(value)) continue
    const delta = value - mean
    mean += delta / ++count
    squares += delta * (value - mean)
  }
  into[0] = Math.min(LENGTHS - 1, Math.floor(Math.log2(Math.max(1, to - from))))
  into[1] = FIRST_OF_MEAN + (count === 0 ? 0 : Math.max(1, Math.min(MEANS - 1, Math.round(2 * mean))))
  into[2] = FIRST_OF_VARIANCE + (count < 2 ? 0 : Math.min(VARIANCES - 1, 1 + Math.floor((2 * squares) / count)))
  into[3] = FIRST_OF_ASKED + askedBucket(askedAt - events.at[to - 1]!)
}
