import type { ItemTower } from './item-tower.ts'
import type { ModelName } from './model-trainer.ts'
import type { NeighbourVotes } from './neighbour-lists.ts'
import type { PairScores } from './pair-scores.ts'
import type { QueryModel } from './query-model.ts'
import type { Tensors } from './tensors.ts'

/** How the tensors of a release are put to use. Each throws CORRUPT where a tensor is missing. */
export interface ModelKernels {
  /** Undefined for a model that does not retrieve by vector. */
  queryModel(name: ModelName, tensors: Tensors): QueryModel | undefined
  /** Of the model `two-tower`. */
  itemTower(tensors: Tensors): ItemTower | undefined
  /** Of the model `item-cf`. */
  neighbourVotes(tensors: Tensors): NeighbourVotes
  /** Of the model `din`. */
  pairScores(tensors: Tensors): PairScores
}
