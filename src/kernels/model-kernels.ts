import type { ModelKernels } from '../models/model-kernels.ts'
import { itemTower } from './item-tower.ts'
import { neighbourLists } from './neighbour-lists.ts'
import { queryModel } from './query-models.ts'

/** What serving, the gate and evaluation run the models of a release with. */
export const modelKernels: ModelKernels = { queryModel, itemTower, neighbourVotes: neighbourLists }
