import type { ModelKernels } from '../models/model-kernels.ts'
import type { ModelName } from '../models/model-trainer.ts'
import type { NeighbourVotes } from '../models/neighbour-lists.ts'
import type { QueryHistory } from '../models/query-model.ts'
import type { ReleasedModels } from '../models/released-models.ts'
import type { Tensors } from '../models/tensors.ts'
import type { HoldoutCase } from './holdout.ts'

/** What one model makes of the cases. */
export interface Validation {
  /** By case: the target's rank among the items the user has not met, from 1; infinite where the model is silent. */
  readonly ranks: Float64Array
  /** Different items among all lists of ten, over the items there are. */
  readonly coverage: number
}

/** Scores all items for a case into `scores`; false where there is nothing to say. */
type Scorer = (history: QueryHistory, scores: Float64Array) => boolean

const LIST = 10

/** Undefined for a model that does not retrieve. @param itemIds of the vocabulary that the cases are in */
export function validate(
  name: ModelName,
  released: Pick<ReleasedModels, 'models' | 'itemIds'>,
  cases: readonly HoldoutCase[],
  itemIds: readonly string[],
  kernels: ModelKernels,
): Validation | undefined {
  const tensors = released.models.get(name)
  const scorer = tensors && scorerOf(name, tensors, kernels)
  if (!scorer) return undefined
  const own = new Map(released.itemIds.map((itemId, index) => [itemId, index]))
  const translate = Int32Array.from(itemIds, (itemId) => own.get(itemId) ?? -1)
  const scores = new Float64Array(released.itemIds.length)
  const listed = new Set<number>()
  const ranks = Float64Array.from(cases, ({ history, target }) => {
    const item = history.item.map((index) => translate[index]!)
    scores.fill(0)
    if (!scorer({ ...history, item }, scores)) return Number.POSITIVE_INFINITY
    for (const met of item) if (met >= 0) scores[met] = Number.NEGATIVE_INFINITY
    for (const one of best(scores)) listed.add(one)
    return rankOf(translate[target]!, scores)
  })
  return { ranks, coverage: listed.size / released.itemIds.length }
}

/** The same by how many have an item in the training set: what every model has to beat. */
export function validatePopularity(cases: readonly HoldoutCase[], visits: Float64Array): Float64Array {
  return Float64Array.from(cases, ({ history, target }) => {
    const scores = visits.slice()
    for (const met of history.item) scores[met] = Number.NEGATIVE_INFINITY
    return rankOf(target, scores)
  })
}

function scorerOf(name: ModelName, tensors: Tensors, kernels: ModelKernels): Scorer | undefined {
  if (name === 'item-cf') return neighbourScorer(kernels.neighbourVotes(tensors))
  const model = kernels.queryModel(name, tensors)
  if (!model) return undefined
  const { items, dimensions } = model
  const query = new Float32Array(dimensions)
  return (history, scores) => {
    if (!model.query(history, query)) return false
    for (let item = 0; item < scores.length; item++) {
      let sum = 0
      for (let i = 0; i < dimensions; i++) sum += items[item * dimensions + i]! * query[i]!
      scores[item] = sum
    }
    return true
  }
}

function neighbourScorer(votes: NeighbourVotes): Scorer {
  return (history, scores) => {
    votes.vote(history, (item, vote) => {
      scores[item]! += vote
    })
    return true
  }
}

/** Of equal scores half come before it. */
function rankOf(target: number, scores: Float64Array): number {
  const score = scores[target]
  if (score === undefined) return Number.POSITIVE_INFINITY
  let [above, equal] = [0, -1]
  for (const other of scores) {
    if (other > score) above++
    else if (other === score) equal++
  }
  return 1 + above + equal / 2
}

function best(scores: Float64Array): number[] {
  const list: number[] = []
  for (let item = 0; item < scores.length; item++) {
    if (list.length === LIST && scores[item]! <= scores[list.at(-1)!]!) continue
    let place = list.length
    while (place > 0 && scores[list[place - 1]!]! < scores[item]!) place--
    list.splice(place, 0, item)
    list.length = Math.min(list.length, LIST)
  }
  return list
}
