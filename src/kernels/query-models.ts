import type { ModelName } from '../models/model-trainer.ts'
import type { QueryModel } from '../models/query-model.ts'
import type { Tensors } from '../models/tensors.ts'
import { sequenceQuery } from './sequence-query.ts'
import { twoTowerQuery } from './two-tower-query.ts'

/** Of models that retrieve by vector; undefined for those that do not. */
export function queryModel(name: ModelName, tensors: Tensors): QueryModel | undefined {
  if (name === 'sequence') return sequenceQuery(tensors)
  if (name === 'two-tower') return twoTowerQuery(tensors)
  return undefined
}
