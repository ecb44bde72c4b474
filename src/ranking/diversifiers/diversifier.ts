import type { ItemContent } from '../item-content.ts'

/** Some candidates, the most relevant first, of which a slate is picked. */
export interface Pool {
  /** Item indexes. */
  readonly items: readonly number[]
  /** From 1 for the first to 0 for the last. */
  readonly relevance: Float64Array
  readonly content: ItemContent
}

/**
 * Picks `k` places of the pool, best first.
 *
 * @param dial from 0, the order of the pool, to 1, nothing but difference
 */
export type Diversifier = (pool: Pool, k: number, dial: number) => number[]

/**
 * Picks one place after another, each time the one that is worth most then; of equals the first.
 *
 * @param worth of a place, given what has been picked
 * @param picked called with each place that was picked
 */
export function pickGreedily(
  length: number,
  k: number,
  worth: (place: number) => number,
  picked: (place: number) => void,
): number[] {
  const isPicked = new Uint8Array(length)
  const slate: number[] = []
  while (slate.length < Math.min(k, length)) {
    let best = -1
    let most = Number.NEGATIVE_INFINITY
    for (let place = 0; place < length; place++) {
      if (isPicked[place]) continue
      const value = worth(place)
      if (best >= 0 && !(value > most)) continue
      most = value
      best = place
    }
    isPicked[best] = 1
    slate.push(best)
    picked(best)
  }
  return slate
}
