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
  const length = Math.min(ATTENDED, history.length)
  const attended = {
    length,
    item: new Int32Array(length),
    kind: new Uint8Array(length),
    value: new Uint8Array(length),
    age: new Uint8Array(length),
  }
  for (let entry = 0; entry < length; entry++) {
    const { item, kind, value, at } = history[entry]!
    attended.item[entry] = rowOf(item)
    attended.kind[entry] = kind
    attended.value[entry] = valueBucket(value)
    attended.age[entry] = gapBucket(now - at)
  }
  return attended
}
