import { softmax } from '../../src/kernels/linear.ts'
import {
  CROSS,
  CROSSES,
  HIDDEN,
  RANK,
  type RankerParameters,
  zeroParameters,
} from '../../src/ranking/ranker-parameters.ts'

/** Of a row: the inputs, what comes out of each cross layer, what went through its squeeze, and the hidden layer. */
interface Pass {
  readonly crossed: readonly Float64Array[]
  readonly squeezed: readonly Float64Array[]
  readonly hidden: Float64Array
}

/**
 * The ranker's network and its gradient written down plainly, in doubles: what the kernel is held to, and measured by.
 * @param rows (candidates, features): centred and scaled; of a gradient, the candidate that was taken first
 * @param context standardised
 */
export class PlainRanker {
  readonly #parameters: RankerParameters
  /** Gradients added up. */
  readonly sums: RankerParameters
  #passes: Pass[] = []
  logits = new Float64Array(0)

  constructor(parameters: RankerParameters) {
    this.#parameters = parameters
    this.sums = zeroParameters(parameters.names, parameters.contextNames)
  }

  forward(rows: Float32Array, context: Float32Array): void {
    const { linear, output, crossed } = this.#parameters
    const width = linear.length
    this.#passes = []
    this.logits = new Float64Array(rows.length / width)
    for (let i = 0; i < this.logits.length; i++) {
      const inputs = new Float64Array(width + context.length)
      inputs.set(rows.subarray(i * width, (i + 1) * width))
      inputs.set(context, width)
      const pass = this.#pass(inputs)
      this.#passes.push(pass)
      let logit = 0
      for (let f = 0; f < width; f++) logit += inputs[f]! * linear[f]!
      for (let h = 0; h < HIDDEN; h++) logit += pass.hidden[h]! * output[h]!
      for (let j = 0; j < inputs.length; j++) logit += pass.crossed[CROSSES]![j]! * crossed[j]!
      this.logits[i] = logit
    }
  }

  #pass(inputs: Float64Array): Pass {
    const { hidden, bias, cross } = this.#parameters
    const size = inputs.length
    const layer = bias.slice()
    for (let j = 0; j < size; j++) {
      const value = inputs[j]!
      for (let h = 0; h < HIDDEN; h++) layer[h]! += value * hidden[j * HIDDEN + h]!
    }
    for (let h = 0; h < HIDDEN; h++) if (layer[h]! < 0) layer[h] = 0
    const crossed = [inputs]
    const squeezed: Float64Array[] = []
    for (let l = 0; l < CROSSES; l++) {
      const x = crossed[l]!
      const [into, out] = [2 * l * RANK, (2 * l + 1) * RANK]
      const small = new Float64Array(RANK)
      for (let j = 0; j < size; j++) {
        for (let k = 0; k < RANK; k++) small[k]! += x[j]! * cross[j * CROSS + into + k]!
      }
      const next = x.slice()
      for (let j = 0; j < size; j++) {
        let large = 0
        for (let k = 0; k < RANK; k++) large += small[k]! * cross[j * CROSS + out + k]!
        next[j]! += inputs[j]! * large
      }
      squeezed.push(small)
      crossed.push(next)
    }
    return { crossed, squeezed, hidden: layer }
  }

  /** After a forward pass. @returns the cross-entropy */
  backward(): number {
    softmax(this.logits, this.logits.length)
    const loss = -Math.log(this.logits[0]! + 1e-12)
    this.#passes.forEach((pass, i) => {
      const error = this.logits[i]! - (i === 0 ? 1 : 0)
      this.#backHidden(pass, error)
      this.#backCrossed(pass, error)
    })
    return loss
  }

  #backHidden({ crossed, hidden: layer }: Pass, error: number): void {
    const { output } = this.#parameters
    const { linear, hidden, bias, output: outputSum } = this.sums
    const inputs = crossed[0]!
    for (let f = 0; f < linear.length; f++) linear[f]! += error * inputs[f]!
    for (let h = 0; h < HIDDEN; h++) {
      if (layer[h] === 0) continue
      const slope = error * output[h]!
      outputSum[h]! += error * layer[h]!
      bias[h]! += slope
      for (let j = 0; j < inputs.length; j++) hidden[j * HIDDEN + h]! += slope * inputs[j]!
    }
  }

  #backCrossed({ crossed, squeezed }: Pass, error: number): void {
    const { cross, crossed: weights } = this.#parameters
    const inputs = crossed[0]!
    const slope = weights.map((weight) => error * weight)
    for (let j = 0; j < inputs.length; j++) this.sums.crossed[j]! += error * crossed[CROSSES]![j]!
    for (let l = CROSSES - 1; l >= 0; l--) {
      const [into, out] = [2 * l * RANK, (2 * l + 1) * RANK]
      const small = new Float64Array(RANK)
      for (let j = 0; j < inputs.length; j++) {
        const product = slope[j]! * inputs[j]!
        for (let k = 0; k < RANK; k++) {
          small[k]! += product * cross[j * CROSS + out + k]!
          this.sums.cross[j * CROSS + out + k]! += product * squeezed[l]![k]!
        }
      }
      for (let j = 0; j < inputs.length; j++) {
        for (let k = 0; k < RANK; k++) {
          this.sums.cross[j * CROSS + into + k]! += crossed[l]![j]! * small[k]!
          slope[j]! += small[k]! * cross[j * CROSS + into + k]!
        }
      }
    }
  }
}
