import * as tf from '@tensorflow/tfjs-core'
import { HEADS } from '../kernels/din-weights.ts'
import type { ModelTrainer, TrainedModel, TrainOptions } from '../models/model-trainer.ts'
import type { TrainingSet } from '../models/training-set.ts'
import { Random } from '../random.ts'
import { CANDIDATES } from '../ranking/candidate-ranker.ts'
import type { FeatureTable } from '../ranking/features.ts'
import { rankCandidates } from '../ranking/rank-candidates.ts'
import { HIDDEN, type RankerParameters } from '../ranking/ranker-parameters.ts'
import { collectExamples, type Examples } from './collect-examples.ts'
import { batchOf, type Scaling } from './din-batches.ts'
import { DinModel, type DinSettings, dinParameters } from './din-model.ts'
import { decodeDin, encodeDin } from './din-tensors.ts'
import { Dropout } from './dropout.ts'
import { disposeParameters, makeParameters, type Parameters, readParameters } from './parameters.ts'
import type { RankingExample } from './ranking-examples.ts'
import { RankingMeter } from './ranking-meter.ts'
import { openTensorFlow } from './tensorflow.ts'
import { runTraining } from './training-loop.ts'

export interface DinRecipe extends DinSettings {
  /** Moments that examples are made of, at most. */
  readonly moments: number
  readonly epochs: number
  readonly batchSize: number
  /** N and H in training: of a slate's candidates, and of its history's entries. */
  readonly candidates: number
  readonly entries: number
  readonly learningRate: number
  readonly refreshLearningRate: number
  readonly weightDecay: number
}

export const DIN_RECIPE: DinRecipe = {
  moments: 100_000,
  width: 16,
  unit: 8,
  layer: 64,
  dropout: 0.1,
  satisfaction: 0.2,
  epochs: 2,
  batchSize: 64,
  candidates: 48,
  entries: 50,
  learningRate: 1e-3,
  refreshLearningRate: 3e-4,
  weightDecay: 0.01,
}

const CLIP_NORM = 5
/** What a first training takes over from the network over features and leaves as it is: the examples are few. */
const LEARNED_BEFORE: ReadonlySet<string> = new Set(['layer.features', 'layer.context', 'heads.features'])
/** Of the learning rate, for the examples that it was measured by. */
const LATEST_RATE = 0.3
/** Slates that go through the model at once where it is measured. */
const MEASURED_AT_ONCE = 8
/** Of the budget, to make examples in; the rest is for learning from them. */
const COLLECTING = 0.5

/**
 * Trains a Deep Interest Network on what retrieval said just before past events.
 *
 * @param partitions of the state that is served
 */
export function dinTrainer(partitions = 4, recipe = DIN_RECIPE): ModelTrainer {
  return { name: 'din', train: (set, options) => train(set, options, partitions, recipe) }
}

async function train(
  set: TrainingSet,
  options: TrainOptions,
  partitions: number,
  recipe: DinRecipe,
): Promise<TrainedModel> {
  const seconds = stopwatch()
  await openTensorFlow()
  const random = new Random(options.seed)
  const examples = await collectExamples(set, partitions, random, recipe.moments, {
    ...options,
    budgetSeconds: COLLECTING * options.budgetSeconds,
  })
  return fitDin(examples, set.itemIds, recipe, random, {
    ...options,
    budgetSeconds: Math.max(0, options.budgetSeconds - seconds()),
  })
}

/** Learns from the earlier examples, is measured by the later ones, and learns from these, too. */
async function fitDin(
  examples: Examples,
  itemIds: readonly string[],
  recipe: DinRecipe,
  random: Random,
  options: Omit<TrainOptions, 'seed'>,
): Promise<TrainedModel> {
  const { names, contextNames, learned, measured } = examples
  const { previous } = options
  const scaling = scalingLike(examples.overFeatures)
  const before = previous && {
    tensors: decodeDin(previous.tensors, scaling, names, contextNames),
    itemIds: previous.itemIds,
  }
  const initials = dinParameters(itemIds.length, names.length, contextNames.length, recipe)
  const parameters = makeParameters(initials, random, itemIds, before)
  if (!before) beginWithFeatures(parameters, examples.overFeatures)
  const dropout = new Dropout(recipe.dropout, random)
  const model = new DinModel(parameters, recipe, dropout)
  const changing = before ? parameters : new Map([...parameters].filter(([name]) => !LEARNED_BEFORE.has(name)))
  const peak = before ? recipe.refreshLearningRate : recipe.learningRate
  const learnFrom = (from: readonly RankingExample[], epochs: number, peakLearningRate: number) =>
    learn(model, changing, from, scaling, recipe, random, { ...options, epochs, peakLearningRate })
  try {
    const seconds = stopwatch()
    const served = before && { 'NDCG@10 in service': measureDin(model, examples, scaling, recipe, random)['NDCG@10']! }
    const outcome = await learnFrom(learned, recipe.epochs, peak)
    const metrics = measureDin(model, examples, scaling, recipe, random)
    const left = options.budgetSeconds - seconds()
    if (left > 0) await learnFrom(measured, 1, LATEST_RATE * peak)
    return {
      tensors: encodeDin(readParameters(parameters), scaling, names, contextNames),
      metrics: {
        examples: learned.length,
        ...metrics,
        ...measureFeatures(examples),
        ...measureBlend(examples),
        ...served,
        ...outcome,
      },
    }
  } finally {
    disposeParameters(parameters)
    dropout.dispose()
  }
}

function learn(
  model: DinModel,
  parameters: Parameters,
  examples: readonly RankingExample[],
  scaling: Scaling,
  { batchSize, candidates, entries, weightDecay }: DinRecipe,
  random: Random,
  options: Omit<TrainOptions, 'seed'> & { readonly epochs: number; readonly peakLearningRate: number },
): Promise<Readonly<Record<string, number>>> {
  const steps = Math.floor((options.epochs * examples.length) / batchSize)
  let waiting: RankingExample[] = []
  return runTraining(
    parameters,
    {
      loss() {
        if (waiting.length < batchSize) {
          const again = [...examples]
          random.shuffle(again)
          waiting = [...waiting, ...again]
        }
        return model.loss(batchOf(waiting.splice(0, batchSize), scaling, { candidates, entries }, random))
      },
      validate: () => ({ metrics: {}, goesOn: true }),
    },
    {
      model: 'din',
      steps,
      peakLearningRate: options.peakLearningRate,
      warmUpSteps: Math.min(100, Math.ceil(steps / 20)),
      validateEvery: Number.POSITIVE_INFINITY,
      clipNorm: CLIP_NORM,
      weightDecay,
    },
    options,
  )
}

/** Features are scaled as the network over them alone has them. */
function scalingLike({ scale, contextMean, contextScale }: RankerParameters): Scaling {
  return {
    scale: Float32Array.from(scale),
    contextMean: Float32Array.from(contextMean),
    contextScale: Float32Array.from(contextScale),
  }
}

/**
 * The network begins as one over the features alone: that one's hidden units are the first of the layer, and what the
 * embeddings have to say is to be learned beside it.
 */
function beginWithFeatures(parameters: Parameters, features: RankerParameters): void {
  const change = (name: string, edit: (values: Float32Array, columns: number) => void) => {
    const variable = parameters.get(name)!
    const values = new Float32Array(variable.dataSync())
    edit(values, variable.shape.at(-1)!)
    const tensor = tf.tensor(values, variable.shape)
    variable.assign(tensor)
    tensor.dispose()
  }
  const put = (from: Float64Array, fromColumns: number) => (values: Float32Array, columns: number) => {
    const rows = values.length / columns
    for (let row = 0; row < rows; row++) {
      for (let i = 0; i < fromColumns; i++) values[row * columns + i] = from[row * fromColumns + i]!
    }
  }
  const nothing = (values: Float32Array, columns: number) => {
    for (let at = 0; at < values.length; at += columns) values.fill(0, at, at + HIDDEN)
  }
  const ofContext = features.names.length * HIDDEN
  change('layer.features', put(features.hidden.subarray(0, ofContext), HIDDEN))
  change('layer.context', put(features.hidden.subarray(ofContext), HIDDEN))
  change('layer.bias', put(features.bias, HIDDEN))
  change('layer.slope', put(new Float64Array(HIDDEN), HIDDEN))
  for (const part of ['layer.interest', 'layer.target', 'layer.product']) change(part, nothing)
  change('heads.layer', (values, columns) => {
    features.output.forEach((weight, unit) => {
      values[unit * columns] = weight
    })
  })
  change('heads.features', (values, columns) => {
    features.linear.forEach((weight, feature) => {
      values[feature * columns] = weight
    })
  })
}

function measureDin(
  model: DinModel,
  { measured, missed }: Examples,
  scaling: Scaling,
  { entries }: DinRecipe,
  random: Random,
): Readonly<Record<string, number>> {
  const meter = new RankingMeter()
  for (let i = 0; i < missed; i++) meter.miss()
  for (let from = 0; from < measured.length; from += MEASURED_AT_ONCE) {
    const part = measured.slice(from, from + MEASURED_AT_ONCE)
    const batch = batchOf(part, scaling, { candidates: CANDIDATES, entries }, random)
    const answer = model.logits(batch)
    const logits = answer.dataSync()
    answer.dispose()
    part.forEach((example, slate) => {
      const first = slate * batch.candidates
      const engagement = Float64Array.from(example.items, (_, i) => logits[(first + i) * HEADS]!)
      meter.add(example, engagement, logits[first * HEADS + 1]!)
    })
  }
  return meter.metrics
}

/** What a network over the features alone makes of the same examples: what the network has to beat. */
function measureFeatures({ measured, missed, overFeatures }: Examples): Readonly<Record<string, number>> {
  const meter = new RankingMeter()
  for (let i = 0; i < missed; i++) meter.miss()
  for (const example of measured) {
    const logits = new Float64Array(example.items.length)
    rankCandidates(overFeatures, tableOf(example), logits)
    meter.add(example, logits)
  }
  const { metrics } = meter
  return { 'HR@10 of features': metrics['HR@10']!, 'NDCG@10 of features': metrics['NDCG@10']! }
}

/** What the order that it is given makes of them. */
function measureBlend({ names, measured, missed }: Examples): Readonly<Record<string, number>> {
  const meter = new RankingMeter()
  for (let i = 0; i < missed; i++) meter.miss()
  const blend = names.indexOf('blend')
  for (const example of measured) {
    meter.add(
      example,
      Float64Array.from(example.items, (_, row) => example.features[row * names.length + blend]!),
    )
  }
  const { metrics } = meter
  return { 'HR@10 of the blend': metrics['HR@10']!, 'NDCG@10 of the blend': metrics['NDCG@10']! }
}

function tableOf({ items, features, context }: RankingExample): FeatureTable {
  return { candidates: [...items], items: Float32Array.from(features), context }
}

function stopwatch(): () => number {
  const startedAt = performance.now()
  return () => (performance.now() - startedAt) / 1000
}
