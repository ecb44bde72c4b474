import type { Random } from '../random.ts'
import { type FeatureTable, OF_NOW } from './features.ts'
import { columnMeans, contextLayer, standardised } from './rank-candidates.ts'
import { HIDDEN, initialParameters, type RankerParameters, zeroParameters } from './ranker-parameters.ts'

/** Candidates that the target is compared with, drawn once for each example: a softmax over a sample learns the same order. */
const NEGATIVES = 63
/** The latest examples, of which each new one has some learned again beside it. */
const KEPT = 16_384
const REPLAYED = 7
const BATCH = 32
const LEARNING_RATE = 0.004
const MOMENTUM = 0.9
const SQUARES = 0.999
const EPSILON = 1e-8
/** Of the averaged parameters, what a step leaves as it was. */
const AVERAGED = 0.999
/** Lists that the running means and variances remember. */
const MEMORY = 2_000
const LEAST_VARIANCE = 1e-6
/** Probabilities further from what was are passed on: the many others move nothing. */
const LEAST_ERROR = 1e-4

/** One time in so many an example is learned without what is popular now: so it is asked about the past. */
const WITHOUT_NOW = 8

/** What was learned from a list: the target first, then its negatives. */
interface Example {
  /** (1 + negatives, features): less the means of the whole list, not scaled. */
  readonly rows: Float16Array
  readonly context: Float32Array
}

const TRAINED = ['linear', 'hidden', 'contextHidden', 'bias', 'output'] as const

/**
 * Learns to rank from one example after another: the loss is the cross-entropy of a softmax over the target and a sample
 * of the other candidates (McFadden's conditional logit), the optimiser Adam (Kingma & Ba 2015). Earlier examples are
 * learned again beside each new one (experience replay, Lin 1992), and what is used is a running average of what the
 * steps arrive at (Polyak & Juditsky 1992): as good as several passes with a falling rate, and it can go on forever.
 */
export class RankerLearner {
  /** Averaged over the latest steps. */
  readonly parameters: RankerParameters
  /** What the steps work on; scales are those of `parameters`. */
  readonly #trained: RankerParameters
  readonly #random: Random
  readonly #learningRate: number
  readonly #gradient: RankerParameters
  readonly #first: RankerParameters
  readonly #second: RankerParameters
  readonly #variance: Float64Array
  readonly #contextVariance: Float64Array
  /** A ring, the oldest overwritten. */
  readonly #kept: Example[] = []
  #examples = 0
  /** Examples that the running means and variances start with. */
  readonly #remembered: number
  /** Columns that say what is popular now. */
  readonly #now: readonly number[]
  /** Learned from since the last step. */
  #inBatch = 0
  #steps = 0
  /** (1 + negatives, features): the example at hand, scaled. */
  readonly #rows: Float32Array
  readonly #layers = new Float64Array((NEGATIVES + 1) * HIDDEN)
  readonly #logits = new Float64Array(NEGATIVES + 1)
  /** Of examples learned for the first time: running mean over the latest MEMORY. */
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
    const own = Object.fromEntries(TRAINED.map((name) => [name, this.parameters[name].slice()]))
    this.#trained = { ...this.parameters, ...own }
    this.#gradient = zeroParameters(names, contextNames)
    this.#first = zeroParameters(names, contextNames)
    this.#second = zeroParameters(names, contextNames)
    this.#variance = Float64Array.from(this.parameters.scale, (scale) => (scale > 0 ? scale ** -2 : 1))
    this.#contextVariance = Float64Array.from(this.parameters.contextScale, (scale) => (scale > 0 ? scale ** -2 : 1))
    this.#remembered = options.start ? MEMORY : 0
    this.#rows = new Float32Array((NEGATIVES + 1) * names.length)
    this.#now = names.flatMap((name, column) => (OF_NOW.has(name) ? [column] : []))
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
    const count = table.candidates.length
    if (count < 2) return
    const means = columnMeans(table.items, count, this.parameters.names.length)
    this.#observe(table, means)
    const example = this.#exampleOf(table, means, this.#draw(count, target))
    this.#kept[this.#examples % KEPT] = example
    this.#examples++
    this.loss += (this.#learn(example) - this.loss) / Math.min(this.#examples, MEMORY)
    for (let n = 0; n < REPLAYED; n++) this.#learn(this.#kept[this.#random.below(this.#kept.length)]!)
  }

  /** @returns its loss, before */
  #learn(example: Example): number {
    const { context } = example
    const standard = context.map((_, c) => standardised(this.parameters, context, c))
    const count = this.#scale(example.rows)
    if (this.#random.below(WITHOUT_NOW) === 0) this.#hideNow(count)
    this.#forward(count, standard)
    const loss = this.#backward(count, standard)
    if (++this.#inBatch === BATCH) this.#step()
    return loss
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
    const rate = 1 / Math.min(this.#remembered + this.#examples + 1, MEMORY)
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

  #exampleOf({ items, context }: FeatureTable, means: Float64Array, drawn: readonly number[]): Example {
    const width = means.length
    const rows = new Float16Array(drawn.length * width)
    for (let i = 0; i < drawn.length; i++) {
      const from = drawn[i]! * width
      for (let f = 0; f < width; f++) rows[i * width + f] = items[from + f]! - means[f]!
    }
    return { rows, context: context.slice() }
  }

  /** Scales an example's rows. @returns how many there are */
  #scale(rows: Float16Array): number {
    const { scale } = this.parameters
    for (let i = 0; i < rows.length; i += scale.length) {
      for (let f = 0; f < scale.length; f++) this.#rows[i + f] = rows[i + f]! * scale[f]!
    }
    return rows.length / scale.length
  }

  #hideNow(count: number): void {
    const width = this.parameters.names.length
    for (let row = 0; row < count; row++) for (const column of this.#now) this.#rows[row * width + column] = 0
  }

  #forward(count: number, context: Float32Array): void {
    const { linear, hidden, output } = this.#trained
    const width = linear.length
    const base = contextLayer(this.#trained, context)
    const [rows, layers] = [this.#rows, this.#layers]
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

  /** Adds to the gradient. @returns the loss */
  #backward(count: number, context: Float32Array): number {
    const { output } = this.#trained
    const { linear, hidden, contextHidden, bias, output: outputGradient } = this.#gradient
    const width = linear.length
    const [rows, layers] = [this.#rows, this.#layers]
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

  #step(): void {
    this.#inBatch = 0
    this.#steps++
    const rate = (this.#learningRate * Math.sqrt(1 - SQUARES ** this.#steps)) / (1 - MOMENTUM ** this.#steps)
    // The first steps go far: what they came from is forgotten sooner.
    const averaged = this.#remembered > 0 ? AVERAGED : Math.min(AVERAGED, this.#steps / (this.#steps + 9))
    for (const name of TRAINED) {
      const [values, average, gradient, first, second] = [
        this.#trained,
        this.parameters,
        this.#gradient,
        this.#first,
        this.#second,
      ].map((of) => of[name]) as [Float64Array, Float64Array, Float64Array, Float64Array, Float64Array]
      for (let i = 0; i < values.length; i++) {
        const slope = gradient[i]! / BATCH
        first[i] = MOMENTUM * first[i]! + (1 - MOMENTUM) * slope
        second[i] = SQUARES * second[i]! + (1 - SQUARES) * slope * slope
        values[i]! -= (rate * first[i]!) / (Math.sqrt(second[i]!) + EPSILON)
        average[i]! += (1 - averaged) * (values[i]! - average[i]!)
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
