// Two towers that meet in an inner product: the query tower reads the newest events of a history, the item tower an
// item's id and what the catalogue says about it. Covington et al., "Deep Neural Networks for YouTube Recommendations",
// RecSys 2016, with attention pools in place of the mean and in-batch negatives corrected by how often they are drawn:
// Yi et al., "Sampling-Bias-Corrected Neural Modeling", RecSys 2019; Yang et al., "Mixed Negative Sampling", WWW 2020.
import * as tf from '@tensorflow/tfjs-core'
import { PROFILE_FEATURES } from '../kernels/profile-features.ts'
import { AGES, MEANINGS, USER_FEATURES } from '../kernels/query-features.ts'
import type { Dropout } from './dropout.ts'
import { lookUp, maskedSoftmaxLoss, pairwiseLoss, unitRows } from './layers.ts'
import type { Initial, Parameters } from './parameters.ts'

export interface TwoTowerSettings {
  /** D: of both towers' outputs and of history items. */
  readonly width: number
  /** P: attention pools over the history, each with weights of its own. */
  readonly pools: number
  readonly hidden: number
  /** H: events of the history that are read. */
  readonly window: number
  readonly dropout: number
  /** Share of items whose id is hidden in training, so that their content learns to stand alone. */
  readonly idDropout: number
  /** Of the target among all candidates at once, or of pairs of it and each of them (BPR), for comparison. */
  readonly loss: 'softmax' | 'pairwise'
}

/** B queries, each over its newest H events, newest first, padded at the end. */
export interface QueryBatch {
  readonly size: number
  /** (B H): item indexes, 0 for padding. */
  readonly items: Int32Array
  /** (B H): indexes of what was meant and how long ago. */
  readonly meanings: Int32Array
  readonly ages: Int32Array
  /** (B H): 0, or very negative for padding. */
  readonly mask: Float32Array
  /** (B, USER_FEATURES): how often each stands. */
  readonly features: Float32Array
  /** (B, PROFILE_FEATURES): 1 where the profile has it. */
  readonly profiles: Float32Array
  /** (B): 0 where the history is empty, else 1. */
  readonly hasHistory: Float32Array
}

/** C items that compete for each query. */
export interface CandidateBatch {
  /** (C): item indexes. */
  readonly items: Int32Array
  /** (C, F): hashed features and what embeddings add to them. */
  readonly content: Float32Array
  /** (C): 0 where the id is hidden, else 1. */
  readonly knownIds: Float32Array
  /** (B, C): what is added to the logits: the correction of the sampling, or very negative for what does not compete. */
  readonly offsets: Float32Array
  /** (B): the column of each query's target. */
  readonly targets: Int32Array
}

const DEVIATION = 0.05
/** Logits of unit vectors begin within ± 10. */
const SHARPNESS = Math.log(10)

/** @param features F: of the content of an item */
export function twoTowerParameters(
  items: number,
  features: number,
  settings: TwoTowerSettings,
): Record<string, Initial> {
  const { width, pools, hidden, window } = settings
  return {
    ids: { shape: [items, width], deviation: DEVIATION, perItem: true },
    history: { shape: [items, width], deviation: DEVIATION, perItem: true },
    'content.weights': { shape: [features, width], deviation: DEVIATION },
    'pool.content': { shape: [pools, width], deviation: DEVIATION },
    'pool.recency': { shape: [window, pools], deviation: DEVIATION },
    'pool.age': { shape: [AGES, pools], deviation: DEVIATION },
    'pool.meaning': { shape: [MEANINGS, pools], deviation: 0 },
    gate: { shape: [MEANINGS, 1], deviation: 0, mean: 1 },
    features: { shape: [USER_FEATURES, hidden], deviation: 0 },
    profile: { shape: [PROFILE_FEATURES, hidden], deviation: 0 },
    hidden: { shape: [pools * width, hidden], deviation: 1 / Math.sqrt(pools * width) },
    out: { shape: [hidden, width], deviation: 1 / Math.sqrt(hidden) },
    sharpness: { shape: [1], deviation: 0, mean: SHARPNESS },
  }
}

export class TwoTowerModel {
  readonly #parameters: Parameters
  readonly #settings: TwoTowerSettings
  readonly #dropout: Dropout

  constructor(parameters: Parameters, settings: TwoTowerSettings, dropout: Dropout) {
    this.#parameters = parameters
    this.#settings = settings
    this.#dropout = dropout
  }

  /** Mean over the queries. */
  loss(queries: QueryBatch, candidates: CandidateBatch): tf.Scalar {
    const { items, content, knownIds, offsets, targets } = candidates
    const asked = this.queries(queries, true)
    const offered = this.items(items, content, knownIds)
    const logits = tf.add(
      tf.matMul(asked, offered, false, true),
      tf.tensor2d(offsets, [queries.size, items.length]),
    ) as tf.Tensor2D
    return this.#settings.loss === 'softmax' ? maskedSoftmaxLoss(logits, targets) : pairwiseLoss(logits, targets)
  }

  /** (B, D), as long as the softmax is sharp. */
  queries(batch: QueryBatch, isTraining: boolean): tf.Tensor2D {
    const { width, pools, window } = this.#settings
    const drop = (x: tf.Tensor2D) => (isTraining ? this.#dropout.apply(x) : x)
    const meanings = tf.tensor1d(batch.meanings, 'int32')
    const met = lookUp(this.#of('history'), tf.tensor1d(batch.items, 'int32'))
    // (B H, D)
    const events = drop(tf.mul(met, lookUp(this.#of('gate'), meanings)))
    const scores = tf.addN([
      tf.matMul(events, this.#of<tf.Tensor2D>('pool.content'), false, true),
      lookUp(this.#of('pool.age'), tf.tensor1d(batch.ages, 'int32')),
      lookUp(this.#of('pool.meaning'), meanings),
    ])
    const biased = tf.add(
      tf.add(tf.reshape(scores, [batch.size, window, pools]), this.#of('pool.recency')),
      tf.tensor3d(batch.mask, [batch.size, window, 1]),
    )
    // (B, P, H) x (B, H, D)
    const weights = tf.softmax(tf.transpose(biased, [0, 2, 1]))
    const pooled = tf.mul(
      tf.matMul(weights, tf.reshape(events, [batch.size, window, width])),
      tf.tensor3d(batch.hasHistory, [batch.size, 1, 1]),
    ) as tf.Tensor3D
    const side = tf.reshape(pooled, [batch.size, pools * width]) as tf.Tensor2D
    const features = tf.matMul(
      tf.tensor2d(batch.features, [batch.size, USER_FEATURES]),
      this.#of<tf.Tensor2D>('features'),
    )
    const profiles = tf.matMul(
      tf.tensor2d(batch.profiles, [batch.size, PROFILE_FEATURES]),
      this.#of<tf.Tensor2D>('profile'),
    )
    const sum = tf.addN([tf.matMul(side, this.#of<tf.Tensor2D>('hidden')), features, profiles]) as tf.Tensor2D
    const hidden = drop(tf.relu(sum))
    const out = tf.add(tf.matMul(hidden, this.#of<tf.Tensor2D>('out')), tf.sum(pooled, 1)) as tf.Tensor2D
    return tf.mul(unitRows(out), tf.exp(this.#of('sharpness')))
  }

  /** (C, D), each of length 1. */
  items(indexes: Int32Array, content: Float32Array, knownIds: Float32Array): tf.Tensor2D {
    const ids = tf.mul(
      lookUp(this.#of('ids'), tf.tensor1d(indexes, 'int32')),
      tf.tensor2d(knownIds, [indexes.length, 1]),
    )
    const weights = this.#of<tf.Tensor2D>('content.weights')
    const described = tf.matMul(tf.tensor2d(content, [indexes.length, weights.shape[0]]), weights)
    return unitRows(tf.add(ids, described))
  }

  #of<T extends tf.Tensor>(name: string): T {
    return this.#parameters.get(name)! as unknown as T
  }
}
