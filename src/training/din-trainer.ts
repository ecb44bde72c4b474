import * as tf from '@tensorflow/tfjs-core'
import { HEADS } from '../kernels/din-weights.ts'
import type { ModelTrainer, TrainedModel, TrainOptions } from '../models/model-trainer.ts'
import type { TrainingSet } from '../models/training-set.ts'
import { Random } from '../random.ts'
import { CANDIDATES } from '../ranking/candidate-ranker.ts'
import { encodeNetwork, NETWORK } from '../ranking/network-logit.ts'
import type { RankerParameters } from '../ranking/ranker-parameters.ts'
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
  const [ofNetwork, ofBlend] = [measureFeature(examples, NETWORK), measureFeature(examples, 'blend')]
  const { previous } = options
  const scaling = scalingLike(examples.network)
  const before = previous && {
    tensors: decodeDin(previous.tensors, scaling, names, contextNames),
    itemIds: previous.itemIds,
  }
  const initials = dinParameters(itemIds.length, names.length, contextNames.length, recipe)
  const parameters = makeParameters(initials, random, itemIds, before)
  if (!before) beginWithNetwork(parameters, names.indexOf(NETWORK))
  const dropout = new Dropout(recipe.dropout, random)
  const model = new DinModel(parameters, recipe, dropout)
  const peak = before ? recipe.refreshLearningRate : recipe.learningRate
  const learnFrom = (from: readonly RankingExample[], epochs: number, peakLearningRate: number) =>
    learn(model, parameters, from, scaling, recipe, random, { ...options, epochs, peakLearningRate })
  try {
    const seconds = stopwatch()
    const served = before && { 'NDCG@10 in service': measureDin(model, examples, scaling, recipe, random)['NDCG@10']! }
    const outcome = await learnFrom(learned, recipe.epochs, peak)
    const metrics = measureDin(model, examples, scaling, recipe, random)
    const left = options.budgetSeconds - seconds()
    if (left > 0) await learnFrom(measured, 1, LATEST_RATE * peak)
    return {
      tensors: new Map([
        ...encodeDin(readParameters(parameters), scaling, names, contextNames),
        ...encodeNetwork(examples.network),
      ]),
      metrics: {
        examples: learned.length,
        ...metrics,
        'HR@10 of features': ofNetwork['HR@10']!,
        'NDCG@10 of features': ofNetwork['NDCG@10']!,
        'HR@10 of the blend': ofBlend['HR@10']!,
        'NDCG@10 of the blend': ofBlend['NDCG@10']!,
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

/** Features are scaled as the network over them has them, what it makes of them is left as it is. */
function scalingLike({ scale, contextMean, contextScale }: RankerParameters): Scaling {
  return {
    scale: Float32Array.of(...scale, 1),
    contextMean: Float32Array.from(contextMean),
    contextScale: Float32Array.from(contextScale),
  }
}

/**
 * Training begins with the order of the network over the features: what is learned is added to its logit, as in boosting
 * (Friedman 2001).
 * @param feature its place
 */
function beginWithNetwork(parameters: Parameters, feature: number): void {
  const change = (name: string, edit: (values: Float32Array) => void) => {
    const variable = parameters.get(name)!
    const values = new Float32Array(variable.dataSync())
    edit(values)
    const tensor = tf.tensor(values, variable.shape)
    variable.assign(tensor)
    tensor.dispose()
  }
  change('heads.features', (values) => {
    values[feature * HEADS] = 1
  })
  change('heads.layer', (values) => {
    for (let at = 0; at < values.length; at += HEADS) values[at] = 0
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

/** What the network over the features alone, and the blend, make of the same examples: what is to be beaten. */
function measureFeature({ names, measured, missed }: Examples, name: string): Readonly<Record<string, number>> {
  const meter = new RankingMeter()
  for (let i = 0; i < missed; i++) meter.miss()
  const column = names.indexOf(name)
  for (const example of measured) {
    meter.add(
      example,
      Float64Array.from(example.items, (_, row) => example.features[row * names.length + column]!),
    )
  }
  return meter.metrics
}

function stopwatch(): () => number {
  const startedAt = performance.now()
  return () => (performance.now() - startedAt) / 1000
}
