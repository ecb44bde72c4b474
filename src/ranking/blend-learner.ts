import { softmax } from '../kernels/linear.ts'
import { solvePositiveDefinite } from '../kernels/positive-definite.ts'
import { saturated } from '../retrieval/sources/scores.ts'
import { type FeatureTable, relative } from './features.ts'
import type { RankerParameters } from './ranker-parameters.ts'

/** How sure the weights of the start are: as some tens of examples would make them, or a release's as hundreds would. */
const PRIOR_PRECISION = 10
const RELEASED_PRECISION = 100
/** Examples that are remembered: weights follow what people do. */
const MEMORY = 20_000

/**
 * Learns what each source weighs in the blend, from what people take of its candidates: a conditional logit (McFadden
 * 1974) over what the sources say of them. Each example is one step of Newton's method along the curvature of all before
 * it, an extended Kalman filter over the weights: there is no rate to choose, and nothing is kept but that curvature. No
 * source weighs less than nothing: what it proposes is not worse for that.
 */
export class BlendLearner {
  readonly #weights: Float64Array
  readonly #features: number
  /** Of the features: sources whose weight is learned. */
  readonly #columns: readonly number[]
  /** (sources, sources). */
  readonly #precision: Float64Array
  /** (candidates, sources): what each says of each. */
  #said = new Float64Array(0)
  #logits = new Float64Array(0)

  /**
   * @param parameters whose `blend` is learned
   * @param isReleased whether it has been learned before
   */
  constructor({ blend }: RankerParameters, isReleased = false) {
    this.#weights = blend
    this.#features = blend.length
    this.#columns = [...blend.keys()].filter((feature) => !Number.isNaN(blend[feature]!))
    const size = this.#columns.length
    this.#precision = new Float64Array(size ** 2)
    for (let i = 0; i < size; i++) this.#precision[i * size + i] = isReleased ? RELEASED_PRECISION : PRIOR_PRECISION
  }

  /**
   * @param target row of the candidate that was taken
   * @param weight how much that counts
   */
  learn({ candidates, items }: FeatureTable, target: number, weight = 1): void {
    const [columns, count] = [this.#columns, candidates.length]
    const size = columns.length
    if (size === 0) return
    if (this.#logits.length < count) {
      this.#said = new Float64Array(count * size)
      this.#logits = new Float64Array(count)
    }
    const [said, logits, precision] = [this.#said, this.#logits, this.#precision]
    for (let row = 0; row < count; row++) {
      let logit = 0
      for (let i = 0; i < size; i++) {
        const share = saturated(relative(items[row * this.#features + columns[i]!]!))
        said[row * size + i] = share
        logit += this.#weights[columns[i]!]! * share
      }
      logits[row] = logit
    }
    softmax(logits, count)
    const mean = new Float64Array(size)
    for (let row = 0; row < count; row++)
      for (let i = 0; i < size; i++) mean[i]! += logits[row]! * said[row * size + i]!
    for (let i = 0; i < precision.length; i++) precision[i]! *= 1 - 1 / MEMORY
    for (let row = 0; row < count; row++) {
      for (let i = 0; i < size; i++) {
        const weighed = weight * logits[row]! * (said[row * size + i]! - mean[i]!)
        for (let j = 0; j <= i; j++) precision[i * size + j]! += weighed * (said[row * size + j]! - mean[j]!)
      }
    }
    const step = Float64Array.from(mean, (expected, i) => weight * (said[target * size + i]! - expected))
    solvePositiveDefinite(precision.slice(), step)
    for (let i = 0; i < size; i++) {
      const column = columns[i]!
      this.#weights[column] = Math.max(0, this.#weights[column]! + step[i]!)
    }
  }
}
