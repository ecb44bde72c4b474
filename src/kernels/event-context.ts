// What a model is told of an event beside its item, as columns of a multi-hot row: the time since the event before, the
// time until the next request, the value, the kind. Training and serving read it here.
import { KINDS } from '../events/kinds.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** Doubling from a second on: 2^24 s are half a year. */
export const GAP_BUCKETS = 26
/** Coarse: whether the session goes on, not how fast its pages are answered. */
const ASKED_AFTER = [MINUTE, 10 * MINUTE, HOUR, 6 * HOUR, DAY, 7 * DAY, 30 * DAY, 180 * DAY] as const
export const ASKED_BUCKETS = ASKED_AFTER.length + 1
/** Halves of a five-star scale; 0 where there is no value. */
export const VALUE_BUCKETS = 11

const FIRST_OF_ASKED = GAP_BUCKETS
const FIRST_OF_VALUE = FIRST_OF_ASKED + ASKED_BUCKETS
const FIRST_OF_KIND = FIRST_OF_VALUE + VALUE_BUCKETS

export const CONTEXT_COLUMNS = FIRST_OF_KIND + KINDS.length
/** Columns set of each event. */
export const CONTEXTS_AN_EVENT = 4

export interface EventColumns {
  readonly kind: Uint8Array
  readonly value: Float32Array
  readonly at: Float64Array
}

/**
 * @param event index of the event
 * @param isFirst whether nothing before it is known
 * @param askedAt time of the request after it, ms
 * @param into columns that are 1, written from `offset` on
 */
export function contextOf(
  events: EventColumns,
  event: number,
  isFirst: boolean,
  askedAt: number,
  into: Int32Array,
  offset: number,
): void {
  const at = events.at[event]!
  into[offset] = isFirst ? GAP_BUCKETS - 1 : gapBucket(at - events.at[event - 1]!)
  into[offset + 1] = FIRST_OF_ASKED + askedBucket(askedAt - at)
  into[offset + 2] = FIRST_OF_VALUE + valueBucket(events.value[event]!)
  into[offset + 3] = FIRST_OF_KIND + events.kind[event]!
}

export function gapBucket(gapMs: number): number {
  if (!(gapMs >= SECOND)) return 0
  // Whole seconds have as many binary digits as the bucket says: faster than a logarithm.
  return Math.min(GAP_BUCKETS - 2, 32 - Math.clz32(Math.min(gapMs / SECOND, 2 ** 30)))
}

export function askedBucket(gapMs: number): number {
  const bucket = ASKED_AFTER.findIndex((limit) => gapMs < limit)
  return bucket < 0 ? ASKED_AFTER.length : bucket
}

export function valueBucket(value: number): number {
  return Number.isNaN(value) ? 0 : Math.max(1, Math.min(VALUE_BUCKETS - 1, Math.round(2 * value)))
}
