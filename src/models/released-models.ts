import type { ModelName } from './model-name.ts'
import type { Tensors } from './tensors.ts'

/** The models of one release, wherever they were read from: all over one vocabulary. */
export interface ReleasedModels {
  readonly version: string
  /** The vocabulary: row i of every item tensor is of item i. */
  readonly itemIds: readonly string[]
  readonly models: ReadonlyMap<ModelName, Tensors>
  /** The latest event time that was trained on, ms. */
  readonly watermark: number
}
