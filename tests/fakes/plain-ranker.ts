import { softmax } from '../../src/kernels/linear.ts'
import { HIDDEN, type RankerParameters, zeroParameters } from '../../src/ranking/ranker-parameters.ts'

/**
 * The ranker's network and its gradient written down plainly, in doubles: what the kernel is held to, and measured by.
 * @param rows (candidates, features): centred and scaled; of a gradient, the candidate that was taken first
 * @param context standardised
 */
export class PlainRanker {
  readonly #parameters: RankerParameters
  /** Gradients added up. */
  readonly sums: RankerParameters
  #layers = new Float64Array(0)
  logits = new Float64Array(0)

  constructor(parameters: RankerParameters) {
    this.#parameters = parameters
    this.sums = zeroParameters(parameters.names, parameters.contextNames)
  }

  forward(rows: Float32Array, context: Float32Array): void {
    const { linear, hidden, contextHidden, bias, output } = this.#parameters
    const width = linear.length
    const count = rows.length / width
    const base = bias.slice()
    for (let c = 0; c < context.length; c++) {
      for (let h = 0; h < HIDDEN; h++) base[h]! += context[c]! * contextHidden[c * HIDDEN + h]!
    }
    if (this.logits.length !== count) this.logits = new Float64Array(count)
    if (this.#layers.length !== count * HIDDEN) this.#layers = new Float64Array(count * HIDDEN)
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
      this.logits[i] = logit
    }
  }

  /** After a forward pass. @returns the cross-entropy */
  backward(rows: Float32Array, context: Float32Array): number {
    const { output } = this.#parameters
    const { sums, logits } = this
    const layers = this.#layers
    const width = sums.linear.length
    const { linear, hidden } = sums
    const back = new Float64Array(HIDDEN)
    const backSum = new Float64Array(HIDDEN)
    softmax(logits, logits.length)
    const loss = -Math.log(logits[0]! + 1e-12)
    for (let i = 0; i < logits.length; i++) {
      const error = logits[i]! - (i === 0 ? 1 : 0)
      for (let h = 0; h < HIDDEN; h++) {
        const active = layers[i * HIDDEN + h]!
        back[h] = active > 0 ? error * output[h]! : 0
        if (active > 0) sums.output[h]! += error * active
        backSum[h]! += back[h]!
      }
      for (let f = 0; f < width; f++) {
        const value = rows[i * width + f]!
        linear[f]! += error * value
        for (let h = 0; h < HIDDEN; h++) hidden[f * HIDDEN + h]! += back[h]! * value
      }
    }
    for (let h = 0; h < HIDDEN; h++) sums.bias[h]! += backSum[h]!
    for (let c = 0; c < context.length; c++) {
      for (let h = 0; h < HIDDEN; h++) sums.contextHidden[c * HIDDEN + h]! += backSum[h]! * context[c]!
    }
    return loss
  }
}
