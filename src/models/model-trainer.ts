import type { ModelName } from './model-name.ts'
import type { ReleasedModels } from './released-models.ts'
import type { Tensors } from './tensors.ts'
import type { TrainingSet } from './training-set.ts'

export { MODEL_NAMES, type ModelName, RANKERS } from './model-name.ts'

/** Trains one model of a release. */
export interface ModelTrainer {
  readonly name: ModelName
  /** Rejects with the signal's reason when it is aborted. */
  train(set: TrainingSet, options: TrainOptions): Promise<TrainedModel>
}

export interface TrainOptions {
  /** Of everything drawn by chance. */
  readonly seed: number
  /** Soft: training ends with the step in which it is used up. */
  readonly budgetSeconds: number
  /** Warm start: parameters of an earlier release and the vocabulary they were trained with. */
  readonly previous?: { readonly tensors: Tensors; readonly itemIds: readonly string[] }
  /** Warm start: events after this time, ms, have not been trained on. */
  readonly since?: number
  /** Of the ranker: models whose opinion of events after their watermark it learns to weigh. */
  readonly retrieval?: ReleasedModels
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: TrainProgress) => void
}

export interface TrainProgress {
  readonly model: ModelName
  readonly step: number
  readonly steps: number
  readonly loss: number
  readonly learningRate: number
  readonly etaSeconds: number
  /** Of the latest validation. */
  readonly validation?: Readonly<Record<string, number>>
}

export interface TrainedModel {
  /** A model that retrieves by vector has `items`, (items, dimensions), a row for every item of the set. */
  readonly tensors: Tensors
  readonly metrics: Readonly<Record<string, number>>
}
