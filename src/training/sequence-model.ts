// A causal transformer over a user's history that predicts the next item at every position of it: SASRec (Kang and
// McAuley, "Self-Attentive Sequential Recommendation", ICDM 2018) trained with the softmax over all items instead of
// sampled binary cross-entropy (Klenitskiy and Vasilev, "Turning Dross Into Gold Loss", RecSys 2023). Departures:
// root-mean-square norms before each layer; instead of position embeddings a learned attention bias by distance and by
// the time between (Zhai et al., "Actions Speak Louder than Words", ICML 2024), so that what is learned at one position
// holds at all; each event also says when it was and how it was meant.
import * as tf from '@tensorflow/tfjs-core'
import { CONTEXT_COLUMNS, GAP_BUCKETS } from '../kernels/event-context.ts'
import { attentionBias } from './attention-bias.ts'
import type { Dropout } from './dropout.ts'
import { fullSoftmaxLoss, lookUp, relu, rmsNorm } from './layers.ts'
import type { Initial, Parameters } from './parameters.ts'
import { sampledSoftmaxLoss } from './sampled-softmax.ts'

export interface SequenceSettings {
  /** D: of items and of everything in between. */
  readonly width: number
  readonly blocks: number
  readonly heads: number
  /** Of the layer in the middle of each block. */
  readonly hidden: number
  /** T at most: events of the history that are read. */
  readonly window: number
  readonly dropout: number
}

/** B windows of T events, padded at the end, one after the other. */
export interface SequenceBatch {
  readonly size: number
  readonly length: number
  /** (B T): item indexes, 0 for padding. */
  readonly items: Int32Array
  /** (B T, CONTEXT_COLUMNS): multi-hot. */
  readonly contexts: Float32Array
  /** (B T T): bucket of the time from event j to event i, 0 where j is no earlier. */
  readonly ages: Int32Array
  /** (N): positions in (B T) that have a target. */
  readonly positions: Int32Array
  /** (N): item indexes. */
  readonly targets: Int32Array
}

const DEVIATION = 0.02
/** As good as 0, which in a start would be drawn. */
const SMALL = 1e-9
/** Of the first head of the first block, where training begins: log of how much less an event weighs than the next. */
const POOL_DECAY = 0.1
/** Of each further head, times that of the one before. */
const POOL_PACE = 0.2

export function sequenceParameters(items: number, settings: SequenceSettings): Record<string, Initial> {
  const { width, blocks, heads, hidden, window } = settings
  const ones = { shape: [width], deviation: 0, mean: 1 }
  const initials: Record<string, Initial> = {
    items: { shape: [items, width], deviation: DEVIATION, perItem: true },
    contexts: { shape: [CONTEXT_COLUMNS, width], deviation: DEVIATION },
    'final.norm': ones,
    'final.bias': { shape: [width], deviation: 0 },
  }
  for (let block = 0; block < blocks; block++) {
    Object.assign(initials, {
      [`${block}.attention.norm`]: ones,
      [`${block}.attention.in`]: { shape: [width, 3 * width], deviation: 1 / Math.sqrt(width) },
      [`${block}.attention.distance`]: { shape: [window, heads], deviation: 0 },
      [`${block}.attention.age`]: { shape: [GAP_BUCKETS, heads], deviation: 0 },
      [`${block}.attention.out`]: { shape: [width, width], deviation: DEVIATION },
      [`${block}.forward.norm`]: ones,
      [`${block}.forward.in`]: { shape: [width, hidden], deviation: 1 / Math.sqrt(width) },
      [`${block}.forward.in.bias`]: { shape: [hidden], deviation: 0 },
      [`${block}.forward.out`]: { shape: [hidden, width], deviation: DEVIATION },
      [`${block}.forward.out.bias`]: { shape: [width], deviation: 0 },
    })
  }
  return { ...initials, ...pooling(settings) }
}

/**
 * The first block begins by adding to each event a mean of what was met before it, the further back the less, by each
 * head at a pace of its own: what the model then ranks first goes with the whole history. Attention learns to be choosy
 * from there: its queries begin small.
 */
function pooling({ width, heads, window }: SequenceSettings): Record<string, Initial> {
  const into = new Float32Array(3 * width * width)
  const out = new Float32Array(width * width)
  for (let i = 0; i < width; i++) {
    out[i * width + i] = 1
    for (let j = 0; j < width; j++) {
      into[i * 3 * width + j] = SMALL
      into[i * 3 * width + 2 * width + j] = i === j ? 1 : SMALL
    }
  }
  const distance = Float32Array.from({ length: window * heads }, (_, at) => {
    const head = at % heads
    return -Math.floor(at / heads) * POOL_DECAY * POOL_PACE ** head
  })
  return {
    '0.attention.in': { shape: [width, 3 * width], deviation: 1 / Math.sqrt(width), start: into },
    '0.attention.out': { shape: [width, width], deviation: DEVIATION, start: out },
    '0.attention.distance': { shape: [window, heads], deviation: 0, start: distance },
  }
}

export class SequenceModel {
  readonly #parameters: Parameters
  readonly #settings: SequenceSettings
  readonly #dropout: Dropout

  constructor(parameters: Parameters, settings: SequenceSettings, dropout: Dropout) {
    this.#parameters = parameters
    this.#settings = settings
    this.#dropout = dropout
  }

  /**
   * Mean cross-entropy of the targets.
   * @param negatives item indexes, each once, that the targets are compared with; all items where none are given
   */
  loss(batch: SequenceBatch, negatives?: Int32Array): tf.Scalar {
    const picked = tf.tensor1d(batch.positions, 'int32')
    const queries = this.#finish(lookUp(this.#states(batch, true), picked))
    const items = this.#of<tf.Tensor2D>('items')
    if (!negatives) return fullSoftmaxLoss(queries, items, batch.targets)
    return sampledSoftmaxLoss(queries, items, batch.targets, negatives)
  }

  /** (N, D): queries at the positions that have a target. */
  queries(batch: SequenceBatch): tf.Tensor2D {
    return tf.tidy(() => {
      const states = this.#states(batch, false)
      return this.#finish(tf.gather(states, tf.tensor1d(batch.positions, 'int32')))
    })
  }

  /** (items, D) */
  items(): Float32Array {
    return this.#of('items').dataSync() as Float32Array
  }

  /** (B T, D) after the last block. */
  #states(batch: SequenceBatch, isTraining: boolean): tf.Tensor2D {
    const drop = <X extends tf.Tensor>(x: X): X => (isTraining ? this.#dropout.apply(x) : x)
    const contexts = tf.tensor2d(batch.contexts, [batch.items.length, CONTEXT_COLUMNS])
    const items = lookUp(this.#of('items'), tf.tensor1d(batch.items, 'int32'))
    const scaled = tf.mul(items, Math.sqrt(this.#settings.width))
    let x = drop(tf.add(scaled, tf.matMul(contexts, this.#of<tf.Tensor2D>('contexts')))) as tf.Tensor2D
    for (let block = 0; block < this.#settings.blocks; block++) {
      x = tf.add(x, drop(this.#attention(block, x, batch)))
      x = tf.add(x, drop(this.#forward(block, x)))
    }
    return x
  }

  /** (B T, D) → (B T, D): each position attends to itself and those before it. */
  #attention(block: number, x: tf.Tensor2D, batch: SequenceBatch): tf.Tensor2D {
    const { width, heads } = this.#settings
    const { size, length } = batch
    const normed = rmsNorm(x, this.#of(`${block}.attention.norm`))
    const together = tf.matMul(normed, this.#of<tf.Tensor2D>(`${block}.attention.in`))
    // 3 times heads of (B T, D / heads); heads then stand one after the other: (heads B, T, D / heads)
    const parts = tf.split(together, 3 * heads, 1)
    const ofHeads = (kind: number) =>
      tf.reshape(tf.concat(parts.slice(kind * heads, (kind + 1) * heads), 0), [heads * size, length, width / heads])
    const [query, key, value] = [tf.mul(ofHeads(0), Math.sqrt(heads / width)), ofHeads(1), ofHeads(2)]
    const bias = attentionBias(
      this.#of(`${block}.attention.distance`),
      this.#of(`${block}.attention.age`),
      batch.ages,
      length,
    )
    const attended = tf.matMul(tf.softmax(tf.add(tf.matMul(query, key, false, true), bias)), value)
    const joined = tf.concat(tf.split(tf.reshape(attended, [heads * size * length, width / heads]), heads, 0), 1)
    return tf.matMul(joined as tf.Tensor2D, this.#of<tf.Tensor2D>(`${block}.attention.out`))
  }

  /** (B T, D) → (B T, D) */
  #forward(block: number, x: tf.Tensor2D): tf.Tensor2D {
    const of = <T extends tf.Tensor>(name: string) => this.#of<T>(`${block}.forward.${name}`)
    const normed = rmsNorm(x, of('norm'))
    const hidden = relu(tf.add(tf.matMul(normed, of<tf.Tensor2D>('in')), of('in.bias')) as tf.Tensor2D)
    return tf.add(tf.matMul(hidden, of<tf.Tensor2D>('out')), of('out.bias'))
  }

  /** (N, D) states → queries, whose inner products with the items are the logits. */
  #finish(states: tf.Tensor2D): tf.Tensor2D {
    return tf.add(rmsNorm(states, this.#of('final.norm')), this.#of('final.bias'))
  }

  #of<T extends tf.Tensor>(name: string): T {
    return this.#parameters.get(name)! as unknown as T
  }
}
