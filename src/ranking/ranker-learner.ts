import type { Random } from '../random.ts'
import type { FeatureTable } from './features.ts'
import { columnMeans, contextLayer, standardised } from './rank-candidates.ts'
import { HIDDEN, initialParameters, type RankerParameters, zeroParameters } from './ranker-parameters.ts'

/** Candidates that the target is compared with, drawn anew for each example: a softmax over a sample learns the same order. */
const NEGATIVES = 127
const BATCH = 8
const LEARNING_RATE = 0.002
const MOMENTUM = 0.9
const SQUARES = 0.999
const EPSILON = 1e-8
/** Lists that the running means and variances remember. */
const MEMORY = 2_000
const LEAST_VARIANCE = 1e-6

/** The target and its negatives, centred and scaled; the target first. */
interface Example {
  readonly count: number
  /** (count, features). */
  readonly rows: Float32Array
  readonly context: Float32Array
}

const TRAINED = ['linear', 'hidden', 'contextHidden', 'bias', 'output'] as const

/**
 * Learns to rank from one example after another: the loss is the cross-entropy of a softmax over the target and a sample
 * of the other candidates (McFadden's conditional logit), the optimiser Adam (Kingma & Ba 2015). It can go on forever.
 */
export class RankerLearner {
  readonly parameters: RankerParameters
  readonly #random: Random
  readonly #learningRate: number
  readonly #gradient: RankerParameters
  readonly #first: RankerParameters
  readonly #second: RankerParameters
  readonly #variance: Float64Array
  readonly #contextVariance: Float64Array
  #examples = 0
  /** Examples that the running means and variances start with. */
  readonly #remembered: number
  #steps = 0
  readonly #layers = new Float64Array((NEGATIVES + 1) * HIDDEN)
  readonly #logits = new Float64Array(NEGATIVES + 1)
  /** Running mean over the latest MEMORY examples. */
  loss = 0

  /** @param start goes on from there */
  constructor(
    names: readonly string[],
    contextNames: readonly string[],
    options: { random: Random; start?: RankerParameters; learningRate?: number },
  ) {
    this.#random = options.random
    this.#learningRate = options.learningRate ?? LEARNING_RATE
    this.parameters = options.start ?? initialParameters(names, contextNames, options.random)
    this.#gradient = zeroParameters(names, contextNames)
    this.#first = zeroParameters(names, contextNames)
    this.#second = zeroParameters(names, contextNames)
    this.#variance = Float64Array.from(this.parameters.scale, (scale) => (scale > 0 ? scale ** -2 : 1))
    this.#contextVariance = Float64Array.from(this.parameters.contextScale, (scale) => (scale > 0 ? scale ** -2 : 1))
    this.#remembered = options.start ? MEMORY : 0
  }

  get learningRate(): number {
    return this.#learningRate
  }

  /** Learned from since it began. */
  get examples(): number {
    return this.#examples
  }

  /** @param target row of the candidate that was taken */
  learn(table: FeatureTable, target: number): void {
    const { names } = this.parameters
    const count = table.candidates.length
    if (count < 2) return
    this.#examples++
    const means = columnMeans(table.items, count, names.length)
    this.#observe(table, means)
    const example = this.#standardised(table, means, this.#draw(count, target))
    this.#forward(example)
    this.#backward(example)
    if (this.#examples % BATCH === 0) this.#step()
  }

  /** The target first, then other rows, each once. */
  #draw(count: number, target: number): number[] {
    const others = Array.from({ length: count }, (_, row) => row)
    others[target] = others[count - 1]!
    others.length = count - 1
    const wanted = Math.min(NEGATIVES, others.length)
    for (let i = 0; i < wanted; i++) {
      const other = i + this.#random.below(others.length - i)
      const held = others[i]!
      others[i] = others[other]!
      others[other] = held
    }
    return [target, ...others.slice(0, wanted)]
  }

  /** Running variances within lists, and running mean and variance of the context. */
  #observe({ items, candidates, context }: FeatureTable, means: Float64Array): void {
    const rate = 1 / Math.min(this.#remembered + this.#examples, MEMORY)
    const { scale, contextMean, contextScale } = this.parameters
    const count = candidates.length
    const squares = new Float64Array(means.length)
    for (let i = 0; i < count * means.length; i += means.length) {
      for (let f = 0; f < means.length; f++) squares[f]! += (items[i + f]! - means[f]!) ** 2
    }
    for (let f = 0; f < means.length; f++) {
      this.#variance[f]! += rate * (squares[f]! / count - this.#variance[f]!)
      scale[f] = inverseDeviation(this.#variance[f]!)
    }
    for (let c = 0; c < context.length; c++) {
      const difference = context[c]! - contextMean[c]!
      contextMean[c]! += rate * difference
      this.#contextVariance[c]! += rate * (difference * (context[c]! - contextMean[c]!) - this.#contextVariance[c]!)
      contextScale[c] = inverseDeviation(this.#contextVariance[c]!)
    }
  }

  #standardised({ items, context }: FeatureTable, means: Float64Array, drawn: readonly number[]): Example {
    const { scale } = this.parameters
    const width = means.length
    const rows = new Float32Array(drawn.length * width)
    for (let i = 0; i < drawn.length; i++) {
      const from = drawn[i]! * width
      for (let f = 0; f < width; f++) rows[i * width + f] = (items[from + f]! - means[f]!) * scale[f]!
    }
    return { count: drawn.length, rows, context: context.map((_, c) => standardised(this.parameters, context, c)) }
  }

  #forward({ count, rows, context }: Example): void {
    const { linear, hidden, output } = this.parameters
    const width = linear.length
    const base = contextLayer(this.parameters, context)
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

  #backward({ count, rows, context }: Example): void {
    const { output } = this.parameters
    const { linear, hidden, contextHidden, bias, output: outputGradient } = this.#gradient
    const width = linear.length
    const layers = this.#layers
    const probabilities = softmax(this.#logits.subarray(0, count))
    this.loss += (-Math.log(probabilities[0]! + 1e-12) - this.loss) / Math.min(this.#examples, MEMORY)
    const back = new Float64Array(HIDDEN)
    const backSum = new Float64Array(HIDDEN)
    for (let i = 0; i < count; i++) {
      const error = probabilities[i]! - (i === 0 ? 1 : 0)
      if (Math.abs(error) < 1e-5) continue
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
  }

  #step(): void {
    this.#steps++
    const rate = (this.#learningRate * Math.sqrt(1 - SQUARES ** this.#steps)) / (1 - MOMENTUM ** this.#steps)
    for (const name of TRAINED) {
      const [values, gradient, first, second] = [this.parameters, this.#gradient, this.#first, this.#second].map(
        (of) => of[name],
      ) as [Float64Array, Float64Array, Float64Array, Float64Array]
      for (let i = 0; i < values.length; i++) {
        const slope = gradient[i]! / BATCH
        first[i] = MOMENTUM * first[i]! + (1 - MOMENTUM) * slope
        second[i] = SQUARES * second[i]! + (1 - SQUARES) * slope * slope
        values[i]! -= (rate * first[i]!) / (Math.sqrt(second[i]!) + EPSILON)
      }
      gradient.fill(0)
    }
  }
}

/** 0 for what never differs: it says nothing, and its weights were never learned. */
function inverseDeviation(variance: number): number {
  return variance > LEAST_VARIANCE ? 1 / Math.sqrt(variance) : 0
}

function softmax(logits: Float64Array): Float64Array {
  let most = Number.NEGATIVE_INFINITY
  for (const logit of logits) most = Math.max(most, logit)
  const values = logits.map((logit) => Math.exp(logit - most))
  let sum = 0
  for (const value of values) sum += value
  return values.map((value) => value / sum)
}
