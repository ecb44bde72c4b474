import { selectRank } from '../select.ts'
import type { Scores } from './sources/scores.ts'

// Scratch space.
let ordered = new Float64Array(0)

/** The `k` items with the greatest scores, best first; of equals the one given first. */
export function topOf(items: readonly number[], k: number, scores: Scores): number[] {
  const count = items.length
  if (count > ordered.length) ordered = new Float64Array(2 * count)
  for (let i = 0; i < count; i++) ordered[i] = scores.get(items[i]!)
  const threshold = count > k ? selectRank(ordered, count, count - k) : Number.NEGATIVE_INFINITY
  const best: number[] = []
  for (let i = 0; i < count; i++) if (scores.get(items[i]!) >= threshold) best.push(items[i]!)
  return best.sort((a, b) => scores.get(b) - scores.get(a)).slice(0, k)
}
