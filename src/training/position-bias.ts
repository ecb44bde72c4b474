/** However seldom a place is looked at, an event counts no more: a few of them would drown out the rest. */
const MOST_WEIGHT = 10
/** Attention that falls faster than this is taken for something else. */
const MOST_BIAS = 2
/** How sure it is beforehand that places do not matter, as so many choices would make it. */
const PRIOR_PRECISION = 10
const STEPS = 20

/** An item that somebody was shown at several places before it was taken at one of them. */
export interface ShownItem {
  /** From 0, of every slate that it was in. */
  readonly places: readonly number[]
  /** The place at which it was taken. */
  readonly taken: number
}

/**
 * How much an event counts: 1 where it answers no slate, else the inverse of how likely its place is looked
 * at, (place + 1)^-bias, cut off (Joachims, Swaminathan & Schnabel, "Unbiased learning-to-rank with biased feedback",
 * WSDM 2017).
 *
 * @param place from 0; -1 where no slate is answered
 */
export function inversePropensity(place: number, positionBias: number): number {
  return place < 0 ? 1 : Math.min(MOST_WEIGHT, (place + 1) ** positionBias)
}

/**
 * How fast attention falls with the place, from items that somebody was shown at several of them: whatever makes the item
 * attractive to them is the same at each, so at which one it was taken depends on the places alone. A conditional logit
 * over their logarithms (McFadden 1974; the idea of harvesting is that of Agarwal et al., WSDM 2019), by Newton's method,
 * with a prior that places do not matter.
 *
 * Items that rise because the user has come to want them look like attention that falls: it errs upwards.
 *
 * @returns the exponent, 0 to MOST_BIAS
 */
export function estimatePositionBias(shown: Iterable<ShownItem>): number {
  const choices = [...shown].map(({ places, taken }) => ({ depths: places.map(depthOf), taken: depthOf(taken) }))
  let bias = 0
  for (let step = 0; step < STEPS; step++) {
    let slope = -PRIOR_PRECISION * bias
    let curvature = PRIOR_PRECISION
    for (const { depths, taken } of choices) {
      const { mean, variance } = momentsOf(depths, bias)
      slope += mean - taken
      curvature += variance
    }
    bias = Math.max(0, Math.min(MOST_BIAS, bias + slope / curvature))
  }
  return bias
}

const depthOf = (place: number) => Math.log(place + 1)

/** Of the depth, where each is looked at as often as its place is. */
function momentsOf(depths: readonly number[], bias: number): { mean: number; variance: number } {
  let [total, sum, squares] = [0, 0, 0]
  for (const depth of depths) {
    const weight = Math.exp(-bias * depth)
    total += weight
    sum += weight * depth
    squares += weight * depth * depth
  }
  const mean = sum / total
  return { mean, variance: squares / total - mean * mean }
}
