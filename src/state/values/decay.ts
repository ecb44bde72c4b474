/**
 * Exponential decay in stream time, by half-lives, for sums to which events may be added in any order.
 *
 * A sum is kept as of its latest event: adding a later one first decays the sum, adding an earlier one adds what is
 * left of it. That equals forward decay (Cormode et al., ICDE 2009) with a landmark that moves along, so that nothing
 * overflows however long the stream.
 */

/**
 * Where forward-decayed counts weigh 1: with half-lives of half a year and more, float32 holds them without overflow
 * from 1960 to 2080.
 */
export const DECAY_LANDMARK_MS = Date.UTC(2020, 0)

/** Of co-visits: long, since tastes that go together stay together. */
export const CO_VISIT_HALF_LIFE_MS = 365 * 24 * 3600 * 1000

/** What is left of 1 after `elapsedMs`; before (negative), what it would have taken then to leave 1. */
export function decay(elapsedMs: number, halfLifeMs: number): number {
  return 2 ** (-elapsedMs / halfLifeMs)
}

/** Adds `amount` at time `at` to the pair (sum, as-of time) that starts at `index`. Times in ms. */
export function addDecayed(pairs: Float64Array, index: number, amount: number, at: number, halfLifeMs: number): void {
  const asOf = pairs[index + 1]!
  if (at >= asOf) {
    pairs[index] = pairs[index]! * decay(at - asOf, halfLifeMs) + amount
    pairs[index + 1] = at
  } else {
    pairs[index] = pairs[index]! + amount * decay(asOf - at, halfLifeMs)
  }
}
