import { contextLayer } from './rank-candidates.ts'
import { HIDDEN, type RankerParameters, zeroParameters } from './ranker-parameters.ts'

/** Probabilities further from what was are passed on: the many others move nothing. */
const LEAST_ERROR = 1e-4

/** Adds up the gradients of the cross-entropy of a softmax over the candidates of one example after another. */
export class RankerGradient {
  /** Cleared by who has made use of it. */
  readonly sum: RankerParameters
  readonly #layers: Float64Array
  readonly #logits: Float64Array

  /** @param most candidates of an example */
  constructor(names: readonly string[], contextNames: readonly string[], most: number) {
    this.sum = zeroParameters(names, contextNames)
    this.#layers = new Float64Array(most * HIDDEN)
    this.#logits = new Float64Array(most)
  }

  /**
   * @param rows (count, features): centred and scaled, the candidate that was taken first
   * @param context standardised
   * @returns the loss
   */
  add(parameters: RankerParameters, rows: Float32Array, count: number, context: Float32Array): number {
    this.#forward(parameters, rows, count, context)
    return this.#backward(parameters, rows, count, context)
  }

  #forward(parameters: RankerParameters, rows: Float32Array, count: number, context: Float32Array): void {
    const { linear, hidden, output } = parameters
    const width = linear.length
    const base = contextLayer(parameters, context)
    const layers = this.#layers
    for (let i = 0; i < count; i++) {
      const layer = i * HIDDEN
      for (let h = 0; h < HIDDEN; h++) layers[layer + h] = base[h]!
      let logit = 0
      for (let f = 0; f < width; f++) {
        const value = rows[i * width + f]!
        logit += value * linear[f]!
        for (let h = 0; h < HIDDEN; h++) layers[layer + h]! += value * hidden[f * HIDDEN + h]!
      }
      for (let h = 0; h < HIDDEN; h++) if (layers[layer + h]! > 0) logit += layers[layer + h]! * output[h]!
      this.#logits[i] = logit
    }
  }

  #backward({ output }: RankerParameters, rows: Float32Array, count: number, context: Float32Array): number {
    const { linear, hidden, contextHidden, bias, output: outputGradient } = this.sum
    const width = linear.length
    const layers = this.#layers
    const probabilities = softmax(this.#logits.subarray(0, count))
    const back = new Float64Array(HIDDEN)
    const backSum = new Float64Array(HIDDEN)
    for (let i = 0; i < count; i++) {
      const error = probabilities[i]! - (i === 0 ? 1 : 0)
      if (Math.abs(error) < LEAST_ERROR) continue
      for (let h = 0; h < HIDDEN; h++) {
        const active = layers[i * HIDDEN + h]!
        back[h] = active > 0 ? error * output[h]! : 0
        if (active > 0) outputGradient[h]! += error * active
        backSum[h]! += back[h]!
      }
      for (let f = 0; f < width; f++) {
        const value = rows[i * width + f]!
        linear[f]! += error * value
        for (let h = 0; h < HIDDEN; h++) hidden[f * HIDDEN + h]! += back[h]! * value
      }
    }
    for (let h = 0; h < HIDDEN; h++) bias[h]! += backSum[h]!
    for (let c = 0; c < context.length; c++) {
      const value = context[c]!
      for (let h = 0; h < HIDDEN; h++) contextHidden[c * HIDDEN + h]! += backSum[h]! * value
    }
    return -Math.log(probabilities[0]! + 1e-12)
  }
}

function softmax(logits: Float64Array): Float64Array {
  let most = Number.NEGATIVE_INFINITY
  for (const logit of logits) most = Math.max(most, logit)
  const values = logits.map((logit) => Math.exp(logit - most))
  let sum = 0
  for (const value of values) sum += value
  return values.map((value) => value / sum)
}
