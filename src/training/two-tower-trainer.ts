import * as tf from '@tensorflow/tfjs-core'
import { DEFAULT_KINDS, KINDS } from '../events/kinds.ts'
import { CONTENT_FEATURES, contentBag, embeddingLength, featureRarity } from '../kernels/item-content.ts'
import { itemTraits, TRAITS } from '../kernels/item-traits.ts'
import { PROFILE_FEATURES, profileFeatures } from '../kernels/profile-features.ts'
import type { ModelTrainer, TrainedModel, TrainOptions } from '../models/model-trainer.ts'
import type { Tensors } from '../models/tensors.ts'
import type { TrainingSet } from '../models/training-set.ts'
import { Random } from '../random.ts'
import { Dropout } from './dropout.ts'
import { withFactors } from './item-factors.ts'
import { NegativeSampler } from './negative-sampler.ts'
import { disposeParameters, makeParameters, readParameters } from './parameters.ts'
import { openTensorFlow } from './tensorflow.ts'
import { runTraining } from './training-loop.ts'
import { type Content, candidateBatch, contentRows, type Example, queryBatch } from './two-tower-batches.ts'
import { TwoTowerModel, type TwoTowerSettings, twoTowerParameters } from './two-tower-model.ts'
import { holdOut, rankHoldout } from './validation.ts'

export interface TwoTowerRecipe extends TwoTowerSettings {
  readonly epochs: number
  /** More epochs where these have fewer steps: small data is gone over more often. */
  readonly leastSteps: number
  /** Of a warm start, over new events. */
  readonly refreshEpochs: number
  readonly batchSize: number
  /** Negatives beside the other targets of a batch. */
  readonly negatives: number
  readonly learningRate: number
  readonly refreshLearningRate: number
  readonly weightDecay: number
  /** Validations without a better recall after which training ends. */
  readonly patience: number
  /** Of item embeddings, which begin as factors of what is met together; 0 where they begin as chance has it. */
  readonly startLength: number
  /** Raised when training itself changes, so that what was kept of before is not taken for its outcome. */
  readonly revision: number
}

export const TWO_TOWER_RECIPE: TwoTowerRecipe = {
  width: 64,
  pools: 4,
  hidden: 128,
  window: 50,
  dropout: 0.2,
  idDropout: 0.1,
  loss: 'softmax',
  epochs: 1,
  leastSteps: 800,
  refreshEpochs: 1,
  batchSize: 512,
  negatives: 512,
  learningRate: 6e-3,
  refreshLearningRate: 5e-4,
  weightDecay: 0.01,
  patience: 4,
  startLength: 0.5,
  revision: 2,
}

const CLIP_NORM = 5
/** A feature of profiles is read where so many users share it, and such a share of all. */
const LEAST_USERS = 50
const LEAST_SHARE = 1 / 200
const VALIDATIONS = 10
/** Rows of an item tower or a query tower at once, where no gradient is needed. */
const BLOCK = 512
/** Queries that are mined for hard negatives, and how many each gives. */
const MINED_QUERIES = 200
const MINED_ITEMS = 50

/** Trains the two-tower model; deterministic for a seed as long as the budget does not end it. */
export function twoTowerTrainer(recipe: TwoTowerRecipe = TWO_TOWER_RECIPE): ModelTrainer {
  return {
    name: 'two-tower',
    async train(set, options) {
      await openTensorFlow()
      return new Training(set, options, recipe).run()
    },
  }
}

class Training {
  readonly #set: TrainingSet
  readonly #options: TrainOptions
  readonly #recipe: TwoTowerRecipe
  readonly #random: Random
  readonly #content: Content
  readonly #rarity: Float32Array
  readonly #traits: Float32Array
  /** By user: features of the profile that are read. */
  readonly #profiles: readonly Int32Array[]
  readonly #isRefresh: boolean
  /** By item: 1 where someone has met it. Where nobody has, its own embedding means nothing. */
  readonly #isMet: Float32Array

  constructor(set: TrainingSet, options: TrainOptions, recipe: TwoTowerRecipe) {
    this.#set = set
    this.#options = options
    this.#recipe = recipe
    this.#random = new Random(options.seed)
    this.#isRefresh = options.previous !== undefined && options.since !== undefined
    // A warm start goes on with the weights of features, which were learned with that rarity.
    this.#rarity = options.previous?.tensors.get('content.rarity')?.data ?? featureRarity(set.items)
    const embedded = embeddingLength(set.items)
    const bags = set.items.map((item) => contentBag(item, this.#rarity, embedded))
    this.#content = { bags, features: CONTENT_FEATURES + embedded }
    this.#traits = itemTraits(set.items)
    this.#profiles = sharedFeatures(set)
    this.#isMet = new Float32Array(set.itemIds.length)
    for (const item of set.item) this.#isMet[item] = 1
  }

  async run(): Promise<TrainedModel> {
    const recipe = this.#recipe
    const random = this.#random
    const set = this.#set
    const dropout = new Dropout(recipe.dropout, random)
    const initials = twoTowerParameters(set.itemIds.length, this.#content.features, recipe)
    const { previous } = this.#options
    const parameters = makeParameters(
      previous ? initials : withFactors(initials, ['ids', 'history'], set, recipe, random),
      random,
      set.itemIds,
      previous,
    )
    const model = new TwoTowerModel(parameters, recipe, dropout)
    const holdout = holdOut(set, random)
    const asked = holdout.users.map((user) => ({ user, target: holdout.ends[user]! }))
    const examples = this.#examples(holdout.ends)
    const shares = recipe.loss === 'softmax' ? sharesOf(set, examples) : undefined
    const sampler = new NegativeSampler(
      recipe.negatives,
      set.items.map((item) => item?.genres ?? []),
      random,
    )
    const stepsAnEpoch = Math.ceil(examples.length / recipe.batchSize)
    const steps = this.#isRefresh
      ? stepsAnEpoch * recipe.refreshEpochs
      : Math.max(stepsAnEpoch * recipe.epochs, examples.length > 0 ? recipe.leastSteps : 0)
    let best: { recall: number; tensors: Tensors; metrics: Record<string, number> } | undefined
    let worse = 0
    const validate = () => {
      const items = this.#allItems(model)
      const metrics = rankHoldout(set, holdout, this.#queries(model, asked), items.data)
      const recall = metrics['Recall@100']!
      if (!best || recall >= best.recall) {
        best = { recall, metrics, tensors: new Map([...readParameters(parameters), ['items', items]]) }
        worse = 0
      } else worse++
      return { metrics, goesOn: worse < recipe.patience }
    }
    let step = 0
    let seen = 0
    try {
      const outcome = await runTraining(
        parameters,
        {
          loss: () => {
            if (step % stepsAnEpoch === 0) random.shuffle(examples)
            // Stage two: half of the way, negatives are looked for where the model errs.
            if (step >= steps / 2 && step % Math.ceil(stepsAnEpoch / 8) === 0)
              sampler.mine(this.#mined(model, examples, holdout.ends))
            const from = (step++ % stepsAnEpoch) * recipe.batchSize
            const batch = examples.slice(from, from + recipe.batchSize)
            seen += batch.length
            return model.loss(
              queryBatch(set, batch, recipe.window, this.#traits, this.#profiles),
              candidateBatch(set, batch, sampler.draw(), shares, this.#content, recipe.idDropout, random),
            )
          },
          validate,
        },
        {
          model: 'two-tower',
          steps,
          peakLearningRate: this.#isRefresh ? recipe.refreshLearningRate : recipe.learningRate,
          warmUpSteps: Math.min(100, Math.ceil(steps / 20)),
          validateEvery: Math.max(1, Math.ceil(steps / VALIDATIONS)),
          clipNorm: CLIP_NORM,
          weightDecay: recipe.weightDecay,
        },
        this.#options,
      )
      validate()
      const rarity = { shape: [this.#rarity.length], data: this.#rarity }
      const traits = { shape: [set.itemIds.length, TRAITS], data: this.#traits }
      return {
        tensors: new Map([...best!.tensors, ['content.rarity', rarity], ['traits', traits]]),
        metrics: { ...best!.metrics, ...outcome, examples: seen },
      }
    } finally {
      disposeParameters(parameters)
      dropout.dispose()
    }
  }

  /** Every event whose item was taken; a user's first one where their profile says something. */
  #examples(ends: Uint32Array): Example[] {
    const { starts, kind, at } = this.#set
    const since = this.#isRefresh ? this.#options.since! : Number.NEGATIVE_INFINITY
    const examples: Example[] = []
    ends.forEach((end, user) => {
      const first = starts[user]! + (this.#profiles[user]!.length > 0 ? 0 : 1)
      for (let target = first; target < end; target++) {
        if (at[target]! > since && DEFAULT_KINDS[KINDS[kind[target]!]!].consumes) examples.push({ user, target })
      }
    })
    return examples
  }

  /** (items, D), of items that nobody has met by their content alone. */
  #allItems(model: TwoTowerModel) {
    const { width } = this.#recipe
    const count = this.#set.itemIds.length
    const data = new Float32Array(count * width)
    for (let from = 0; from < count; from += BLOCK) {
      const indexes = Int32Array.from({ length: Math.min(BLOCK, count - from) }, (_, at) => from + at)
      const vectors = tf.tidy(() =>
        model.items(indexes, contentRows(indexes, this.#content), this.#isMet.subarray(from, from + indexes.length)),
      )
      data.set(vectors.dataSync() as Float32Array, from * width)
      vectors.dispose()
    }
    return { shape: [count, width], data }
  }

  /** (examples, D) */
  #queries(model: TwoTowerModel, examples: readonly Example[]): Float32Array {
    const { width, window } = this.#recipe
    const data = new Float32Array(examples.length * width)
    for (let from = 0; from < examples.length; from += BLOCK) {
      const batch = examples.slice(from, from + BLOCK)
      const vectors = tf.tidy(() =>
        model.queries(queryBatch(this.#set, batch, window, this.#traits, this.#profiles), false),
      )
      data.set(vectors.dataSync() as Float32Array, from * width)
      vectors.dispose()
    }
    return data
  }

  /** What some queries rank highest, their own items left out. */
  #mined(model: TwoTowerModel, examples: readonly Example[], ends: Uint32Array): number[] {
    const { width } = this.#recipe
    const asked = Array.from({ length: Math.min(MINED_QUERIES, examples.length) }, () => {
      return examples[this.#random.below(examples.length)]!
    })
    const items = this.#allItems(model).data
    const queries = this.#queries(model, asked)
    const scores = tf.tidy(() => {
      const all = tf.matMul(
        tf.tensor2d(queries, [asked.length, width]),
        tf.tensor2d(items, [items.length / width, width]),
        false,
        true,
      )
      return tf.topk(all, Math.min(MINED_ITEMS, this.#set.itemIds.length)).indices
    })
    const top = scores.dataSync()
    scores.dispose()
    const each = top.length / asked.length
    const mined: number[] = []
    asked.forEach(({ user }, row) => {
      const own = new Set(this.#set.item.subarray(this.#set.starts[user], ends[user]))
      for (let i = 0; i < each; i++) if (!own.has(top[row * each + i]!)) mined.push(top[row * each + i]!)
    })
    return mined
  }
}

/** By user, without what few others have: it would be learned by heart. */
function sharedFeatures({ users }: TrainingSet): Int32Array[] {
  const features = users.map((user) => profileFeatures(user?.attributes))
  const counts = new Uint32Array(PROFILE_FEATURES)
  for (const each of features) for (const feature of each) counts[feature]!++
  const least = Math.max(LEAST_USERS, LEAST_SHARE * users.length)
  return features.map((each) => each.filter((feature) => counts[feature]! >= least))
}

function sharesOf(set: TrainingSet, examples: readonly Example[]): Float32Array {
  const shares = new Float32Array(set.itemIds.length)
  for (const { target } of examples) shares[set.item[target]!]! += 1 / examples.length
  return shares
}
