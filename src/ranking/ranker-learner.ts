import { columnMoments } from '../kernels/column-moments.ts'
import type { Random } from '../random.ts'
import { BlendLearner } from './blend-learner.ts'
import type { FeatureTable } from './features.ts'
import { standardise } from './rank-candidates.ts'
import { RankerNetwork, TRAINED, type TrainedTensors } from './ranker-network.ts'
import { initialParameters, type RankerParameters } from './ranker-parameters.ts'

/** Candidates that the target is compared with, drawn once for each example: a softmax over a sample learns the same order. */
export const NEGATIVES = 63
/** The latest examples, of which each new one has some learned again beside it. */
const KEPT = 16_384
export const REPLAYED = 7
/** Gradients for each example kept, when what was learned settles. */
const SETTLED = 2
const BATCH = 32
const LEARNING_RATE = 0.001
const MOMENTUM = 0.9
const SQUARES = 0.999
const EPSILON = 1e-8
/** Of the averaged parameters, what a step leaves as it was. */
const AVERAGED = 0.999
/** Lists that the running means and variances remember. */
const MEMORY = 2_000
const LEAST_VARIANCE = 1e-6

/** What was learned from a list: the target first, then its negatives. */
interface Example {
  /** (1 + negatives, features): less the means of the whole list, not scaled. */
  readonly rows: Float16Array
  readonly context: Float32Array
  /** How much it counts. */
  readonly weight: number
}

/**
 * Learns to rank from one example after another: the loss is the cross-entropy of a softmax over the target and a sample
 * of the other candidates (McFadden's conditional logit), the optimiser Adam (Kingma & Ba 2015). Earlier examples are
 * learned again beside each new one (experience replay, Lin 1992), and what is used is a running average of what the
 * steps arrive at (Polyak & Juditsky 1992): nearly as good as several passes with a falling rate, and it can go on forever.
 * What sources weigh in the blend is learned beside it.
 */
export class RankerLearner {
  /** Averaged over the latest steps. */
  readonly parameters: RankerParameters
  readonly #blend: BlendLearner
  readonly #random: Random
  readonly #learningRate: number
  /** What the steps work on. */
  readonly #network: RankerNetwork
  readonly #first: TrainedTensors
  readonly #second: TrainedTensors
  readonly #variance: Float64Array
  readonly #contextVariance: Float64Array
  /** A ring, the oldest overwritten. */
  readonly #kept: Example[] = []
  #examples = 0
  /** Examples that the running means and variances start with. */
  readonly #remembered: number
  /** Scratch for the rows of a list. */
  #rows = new Int32Array(0)
  /** Learned from since the last step. */
  #inBatch = 0
  /** Of the learning rate. */
  #falling = 1
  #steps = 0
  /** Of examples learned for the first time: running mean over the latest MEMORY. */
  loss = 0

  /** @param start goes on from there */
  constructor(
    names: readonly string[],
    contextNames: readonly string[],
    options: { random: Random; start?: RankerParameters | undefined; learningRate?: number },
  ) {
    this.#random = options.random
    this.#learningRate = options.learningRate ?? LEARNING_RATE
    this.parameters = options.start ?? initialParameters(names, contextNames, options.random)
    this.#blend = new BlendLearner(this.parameters, options.start !== undefined)
    this.#network = new RankerNetwork(names.length, contextNames.length, NEGATIVES + 1)
    for (const name of TRAINED) this.#network.weights[name].set(this.parameters[name])
    this.#first = zerosLike(this.#network.weights)
    this.#second = zerosLike(this.#network.weights)
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

  /**
   * @param target row of the candidate that was taken
   * @param weight how much that counts
   */
  learn(table: FeatureTable, target: number, weight = 1): void {
    const count = table.candidates.length
    if (count < 2) return
    this.#blend.learn(table, target, weight)
    const { means, variances } = columnMoments(table.items, this.parameters.names.length)
    this.#observe(variances, table.context)
    const example = this.#exampleOf(table, means, this.#draw(count, target), weight)
    this.#kept[this.#examples % KEPT] = example
    this.#examples++
    this.loss += (this.#learn(example) - this.loss) / Math.min(this.#examples, MEMORY)
    for (let n = 0; n < REPLAYED; n++) this.#learn(this.#anyKept())
  }

  /**
   * Settles what has been learned: a few times more from the examples that it keeps, at a rate that falls to nothing.
   * @param least gradients in all, where few examples have given fewer
   */
  settle(least = 0): void {
    if (this.#kept.length === 0) return
    const taken = (1 + REPLAYED) * this.#examples
    const times = Math.max(SETTLED * this.#kept.length, least - taken)
    for (let n = 0; n < times; n++) {
      this.#falling = 0.5 * (1 + Math.cos((Math.PI * n) / times))
      this.#learn(this.#anyKept())
    }
    this.#falling = 1
  }

  #anyKept(): Example {
    return this.#kept[this.#random.below(this.#kept.length)]!
  }

  /** @returns its loss, before */
  #learn({ rows, context, weight }: Example): number {
    const network = this.#network
    standardise(this.parameters, context, network.context)
    network.scale.set(this.parameters.scale)
    const loss = network.backward(network.forward(rows), weight)
    if (++this.#inBatch === BATCH) this.#step()
    return loss
  }

  /** The target first, then other rows, each once. */
  #draw(count: number, target: number): number[] {
    if (this.#rows.length < count) this.#rows = new Int32Array(count)
    const others = this.#rows.subarray(0, count - 1)
    for (let row = 0; row < others.length; row++) others[row] = row
    // The last row in the place of the target.
    if (target < others.length) others[target] = others.length
    return [target, ...this.#random.draw(others, NEGATIVES)]
  }

  /** Running variances within lists, and running mean and variance of the context. */
  #observe(variances: Float64Array, context: Float32Array): void {
    const rate = 1 / Math.min(this.#remembered + this.#examples + 1, MEMORY)
    const { scale, contextMean, contextScale } = this.parameters
    for (let f = 0; f < scale.length; f++) {
      this.#variance[f]! += rate * (variances[f]! - this.#variance[f]!)
      scale[f] = inverseDeviation(this.#variance[f]!)
    }
    for (let c = 0; c < context.length; c++) {
      const difference = context[c]! - contextMean[c]!
      contextMean[c]! += rate * difference
      this.#contextVariance[c]! += rate * (difference * (context[c]! - contextMean[c]!) - this.#contextVariance[c]!)
      contextScale[c] = inverseDeviation(this.#contextVariance[c]!)
    }
  }

  #exampleOf({ items, context }: FeatureTable, means: Float64Array, drawn: readonly number[], weight: number): Example {
    const width = means.length
    const rows = new Float16Array(drawn.length * width)
    for (let i = 0; i < drawn.length; i++) {
      const from = drawn[i]! * width
      for (let f = 0; f < width; f++) rows[i * width + f] = items[from + f]! - means[f]!
    }
    return { rows, context: context.slice(), weight }
  }

  #step(): void {
    this.#inBatch = 0
    this.#steps++
    const rate =
      (this.#falling * this.#learningRate * Math.sqrt(1 - SQUARES ** this.#steps)) / (1 - MOMENTUM ** this.#steps)
    // The first steps go far: what they came from is forgotten sooner.
    const averaged = this.#remembered > 0 ? AVERAGED : Math.min(AVERAGED, this.#steps / (this.#steps + 9))
    const { weights, sums } = this.#network
    for (const name of TRAINED) {
      const [values, gradient, first, second] = [weights[name], sums[name], this.#first[name], this.#second[name]]
      const average = this.parameters[name]
      for (let i = 0; i < average.length; i++) {
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

function zerosLike(tensors: TrainedTensors): TrainedTensors {
  const zeros = Object.fromEntries(TRAINED.map((name) => [name, new Float32Array(tensors[name].length)]))
  return zeros as Record<(typeof TRAINED)[number], Float32Array>
}

/** 0 for what never differs: it says nothing, and its weights were never learned. */
function inverseDeviation(variance: number): number {
  return variance > LEAST_VARIANCE ? 1 / Math.sqrt(variance) : 0
}
