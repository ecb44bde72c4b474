import type { ModelTrainer, TrainedModel, TrainOptions } from '../models/model-trainer.ts'
import type { TrainingSet } from '../models/training-set.ts'
import { Random } from '../random.ts'
import { Dropout } from './dropout.ts'
import { withFactors } from './item-factors.ts'
import { disposeParameters, makeParameters, readParameters } from './parameters.ts'
import { batchOf, epochOf, type Window } from './sequence-batches.ts'
import { SequenceModel, type SequenceSettings, sequenceParameters } from './sequence-model.ts'
import { openTensorFlow } from './tensorflow.ts'
import { runTraining } from './training-loop.ts'
import { type Holdout, holdOut, rankHoldout } from './validation.ts'

export interface SequenceRecipe extends SequenceSettings {
  readonly epochs: number
  /** More epochs where these have fewer steps: small data is gone over more often. */
  readonly leastSteps: number
  /** Of a warm start, over users with new events. */
  readonly refreshEpochs: number
  readonly batchSize: number
  readonly learningRate: number
  readonly refreshLearningRate: number
  readonly weightDecay: number
  /** Items drawn for each batch, that its targets are compared with. */
  readonly negatives: number
  /** Of item embeddings, which begin as factors of what is met together; 0 where they begin as chance has it. */
  readonly startLength: number
}

export const SEQUENCE_RECIPE: SequenceRecipe = {
  width: 64,
  blocks: 2,
  heads: 2,
  hidden: 128,
  window: 50,
  dropout: 0.2,
  epochs: 10,
  leastSteps: 400,
  refreshEpochs: 3,
  batchSize: 64,
  learningRate: 5e-3,
  refreshLearningRate: 5e-4,
  weightDecay: 0.01,
  negatives: 512,
  startLength: 0.5,
}

const CLIP_NORM = 5
/** Steps: AdamW begins without a memory, and what a few steps of full length do to a trained model is mostly noise. */
const REFRESH_WARM_UP = 50
const MOST_VALIDATIONS = 10
/** Windows of a validation that go through the model at once. */
const VALIDATION_WINDOWS = 250

/** Trains the sequence model; deterministic for a seed as long as the budget does not end it. */
export function sequenceTrainer(recipe: SequenceRecipe = SEQUENCE_RECIPE): ModelTrainer {
  return { name: 'sequence', train: (set, options) => train(set, options, recipe) }
}

async function train(set: TrainingSet, options: TrainOptions, recipe: SequenceRecipe): Promise<TrainedModel> {
  await openTensorFlow()
  const { seed, previous, since } = options
  const random = new Random(seed)
  const holdout = holdOut(set, random)
  const dropout = new Dropout(recipe.dropout, random)
  const initials = sequenceParameters(set.itemIds.length, recipe)
  const parameters = makeParameters(
    previous ? initials : withFactors(initials, ['items'], set, recipe, random),
    random,
    set.itemIds,
    previous,
  )
  const model = new SequenceModel(parameters, recipe, dropout)
  const isRefresh = previous !== undefined && since !== undefined
  const nextEpoch = () =>
    epochOf(set, holdout.ends, recipe.window, recipe.batchSize, random, isRefresh ? since : undefined)
  let batches: Window[][] = nextEpoch()
  const stepsAnEpoch = batches.length
  const epochs = isRefresh
    ? recipe.refreshEpochs
    : Math.max(recipe.epochs, Math.ceil(recipe.leastSteps / Math.max(1, stepsAnEpoch)))
  let examples = 0
  try {
    const outcome = await runTraining(
      parameters,
      {
        loss() {
          if (batches.length === 0) batches = nextEpoch()
          const batch = batchOf(set, batches.pop()!)
          examples += batch.targets.length
          if (recipe.negatives >= set.itemIds.length) return model.loss(batch)
          return model.loss(batch, draw(recipe.negatives, set.itemIds.length, random))
        },
        validate: () => ({ metrics: validate(set, holdout, model, recipe), goesOn: true }),
      },
      {
        model: 'sequence',
        steps: epochs * stepsAnEpoch,
        peakLearningRate: isRefresh ? recipe.refreshLearningRate : recipe.learningRate,
        warmUpSteps: isRefresh ? REFRESH_WARM_UP : Math.min(200, Math.ceil((epochs * stepsAnEpoch) / 20)),
        validateEvery: Math.max(stepsAnEpoch, Math.ceil((epochs * stepsAnEpoch) / MOST_VALIDATIONS)),
        clipNorm: CLIP_NORM,
        weightDecay: recipe.weightDecay,
      },
      options,
    )
    const metrics = { ...validate(set, holdout, model, recipe), ...outcome, examples }
    const heads = { shape: [1], data: Float32Array.of(recipe.heads) }
    return { tensors: new Map([...readParameters(parameters), ['heads', heads]]), metrics }
  } finally {
    disposeParameters(parameters)
    dropout.dispose()
  }
}

/** `count` of the items, each once. */
function draw(count: number, items: number, random: Random): Int32Array {
  const drawn = new Set<number>()
  while (drawn.size < count) drawn.add(random.below(items))
  return Int32Array.from(drawn)
}

function validate(
  set: TrainingSet,
  holdout: Holdout,
  model: SequenceModel,
  { window, width }: SequenceRecipe,
): Record<string, number> {
  const { users, ends } = holdout
  const queries = new Float32Array(users.length * width)
  for (let from = 0; from < users.length; from += VALIDATION_WINDOWS) {
    const windows = users.slice(from, from + VALIDATION_WINDOWS).map((user) => {
      const to = ends[user]!
      return { from: Math.max(set.starts[user]!, to - window), to }
    })
    const answer = model.queries(batchOf(set, windows, true))
    queries.set(answer.dataSync() as Float32Array, from * width)
    answer.dispose()
  }
  return rankHoldout(set, holdout, queries, model.items())
}
