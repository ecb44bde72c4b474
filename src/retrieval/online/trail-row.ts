import { readWords } from '../../state/values/postings.ts'
import { TRAIL_LENGTH } from '../../state/values/trail.ts'

/** The end of a trail: item indexes (-1: not known yet), the oldest first. */
export interface TrailRow {
  readonly items: Int32Array
  /** Position in the trail of the oldest. */
  readonly first: number
}

/**
 * @param bytes a stored trail
 * @param indexes item indexes by its ordinals
 */
export function readTrail(bytes: Uint8Array, indexes: Int32Array): TrailRow {
  const words = readWords(bytes)
  const count = words[0]!
  const first = Math.max(0, count - TRAIL_LENGTH)
  const items = new Int32Array(count - first)
  let word = 1 + (first % TRAIL_LENGTH)
  for (let i = 0; i < items.length; i++) {
    items[i] = indexes[words[word]!] ?? -1
    word = word === TRAIL_LENGTH ? 1 : word + 1
  }
  return { items, first }
}
