import type { ModelTrainer } from '../models/model-trainer.ts'
import { DIN_RECIPE, dinTrainer } from './din-trainer.ts'
import { ITEM_CF_RECIPE, itemCfTrainer } from './item-cf-trainer.ts'
import { SEQUENCE_RECIPE, sequenceTrainer } from './sequence-trainer.ts'
import { TWO_TOWER_RECIPE, twoTowerTrainer } from './two-tower-trainer.ts'

/** What retrieves, each with the recipe that makes it what it is. */
export const RETRIEVAL_TRAINERS: readonly { readonly trainer: ModelTrainer; readonly recipe: object }[] = [
  { trainer: sequenceTrainer(), recipe: SEQUENCE_RECIPE },
  { trainer: twoTowerTrainer(), recipe: TWO_TOWER_RECIPE },
  { trainer: itemCfTrainer(), recipe: ITEM_CF_RECIPE },
]

/** What ranks that evaluation trains at a protocol's fits. */
export const RANKING_TRAINERS: typeof RETRIEVAL_TRAINERS = [{ trainer: dinTrainer(), recipe: DIN_RECIPE }]
