import type { ModelKernels } from '../models/model-kernels.ts'
import { itemTower } from './item-tower.ts'
import { neighbourLists } from './neighbour-lists.ts'
import { PairScoreTable } from './pair-score-table.ts'
import { queryModel } from './query-models.ts'

const pairScores: ModelKernels['pairScores'] = (tensors) => new PairScoreTable(tensors)

/** What serving, the gate and evaluation run the models of a release with. */
export const modelKernels: ModelKernels = { queryModel, itemTower, neighbourVotes: neighbourLists, pairScores }
