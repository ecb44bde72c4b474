import { greatest } from '../select.ts'
import type { Scores } from './sources/scores.ts'

// Scratch space.
let values = new Float64Array(0)

/** The `k` items with the greatest scores, best first; of equals the one given first. */
export function topOf(items: readonly number[], k: number, scores: Scores): number[] {
  const count = items.length
  if (count > values.length) values = new Float64Array(2 * count)
  for (let i = 0; i < count; i++) values[i] = scores.get(items[i]!)
  const places = greatest(values, count, k)
  const best = new Array<number>(places.length)
  for (let i = 0; i < best.length; i++) best[i] = items[places[i]!]!
  return best
}
