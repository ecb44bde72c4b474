import { neighbourLists } from '../../kernels/neighbour-lists.ts'
import { queryModel } from '../../kernels/query-models.ts'
import { type ModelName, RANKERS } from '../../models/model-trainer.ts'
import type { NeighbourVotes } from '../../models/neighbour-lists.ts'
import type { QueryHistory, QueryModel } from '../../models/query-model.ts'
import type { Tensors } from '../../models/tensors.ts'
import type { Events } from '../events.ts'
import { type FittedFiles, readFitted } from '../fitted-models.ts'
import type { Scorer } from './scorer.ts'

type Model = { readonly query: QueryModel } | { readonly lists: NeighbourVotes }

/**
 * Each trained model by itself, on live histories: as of the last fit, through the forward passes that serve.
 *
 * @param fits files by model, one entry a fit of the plan
 */
export function trained(events: Events, all: readonly ModelName[], fits: readonly FittedFiles[]): Scorer {
  // What ranks is measured on what serving retrieves (live.ts).
  const names = all.filter((name) => !RANKERS.has(name))
  /** Sequence numbers by user, oldest first. */
  const histories: number[][] = events.userIds.map(() => [])
  let models: readonly Model[] = []
  return {
    systems: names.map((name) => (name === 'item-cf' ? 'item-cf/trained' : name)),
    learn(sequence) {
      histories[events.user[sequence]!]!.push(sequence)
    },
    fit(index) {
      const released = readFitted(fits[index]!, events.itemIds)
      models = names.map((name) => modelOf(name, released.models.get(name)!))
    },
    score({ user, at }, into) {
      for (const scores of into) scores.fill(0)
      const history = historyOf(events, user, histories[user]!, at)
      models.forEach((model, index) => {
        const scores = into[index]!
        if ('query' in model) scoreByVector(model.query, history, scores)
        else {
          model.lists.vote(history, (item, vote) => {
            scores[item]! += vote
          })
        }
      })
    },
  }
}

function modelOf(name: ModelName, tensors: Tensors): Model {
  const query = queryModel(name, tensors)
  return query ? { query } : { lists: neighbourLists(tensors) }
}

/** Events that a model may look at, the newest: what a live history keeps. */
const LONGEST = 200

export function historyOf(events: Events, user: number, sequences: readonly number[], now: number): QueryHistory {
  const newest = sequences.slice(-LONGEST)
  return {
    length: newest.length,
    item: Int32Array.from(newest, (sequence) => events.item[sequence]!),
    kind: Uint8Array.from(newest, (sequence) => events.kind[sequence]!),
    value: Float32Array.from(newest, (sequence) => events.value[sequence]!),
    at: Float64Array.from(newest, (sequence) => events.at[sequence]!),
    now,
    attributes: events.users[user]?.attributes,
  }
}

function scoreByVector({ dimensions, items, query }: QueryModel, history: QueryHistory, into: Float64Array): void {
  const vector = new Float32Array(dimensions)
  if (!query(history, vector)) return
  for (let item = 0; item < into.length; item++) {
    let sum = 0
    for (let i = 0; i < dimensions; i++) sum += vector[i]! * items[item * dimensions + i]!
    into[item] = sum
  }
}
