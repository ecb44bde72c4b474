import { selectRank } from '../select.ts'
import type { Scores } from './sources/scores.ts'

/** The `k` items with the greatest scores, best first; of equals the one given first. */
export function topOf(items: readonly number[], k: number, scores: Scores): number[] {
  const values = new Float64Array(items.length)
  for (let i = 0; i < items.length; i++) values[i] = scores.get(items[i]!)
  const rank = items.length - k
  const threshold = rank > 0 ? selectRank(values.slice(), items.length, rank) : Number.NEGATIVE_INFINITY
  return items
    .filter((_, i) => values[i]! >= threshold)
    .sort((a, b) => scores.get(b) - scores.get(a))
    .slice(0, k)
}
