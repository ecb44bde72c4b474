import { gapBucket, valueBucket } from './event-context.ts'

/** Entries of a history that are attended to. */
export const ATTENDED = 50

/** The newest entries of a history as an attention reads them, newest first, in columns. */
export interface AttendedHistory {
  /** ATTENDED at most. */
  readonly length: number
  /** Index of the vocabulary, -1 for an item that it lacks. */
  readonly item: Int32Array
  /** Index into KINDS. */
  readonly kind: Uint8Array
  /** Buckets of the value, and of the time since. */
  readonly value: Uint8Array
  readonly age: Uint8Array
}

interface Entry {
  readonly item: number
  readonly kind: number
  /** NaN where there is none. */
  readonly value: number
  /** Event time, ms. */
  readonly at: number
}

/**
 * @param history newest first
 * @param now time of the request, ms
 * @param rowOf index of the vocabulary by item
 */
export function attendedHistory(
  history: readonly Entry[],
  now: number,
  rowOf: (item: number) => number,
): AttendedHistory {
  const newest = history.slice(0, ATTENDED)
  return {
    length: newest.length,
    item: Int32Array.from(newest, ({ item }) => rowOf(item)),
    kind: Uint8Array.from(newest, ({ kind }) => kind),
    value: Uint8Array.from(newest, ({ value }) => valueBucket(value)),
    age: Uint8Array.from(newest, ({ at }) => gapBucket(now - at)),
  }
}
