import type { NeighbourVotes } from '../models/neighbour-lists.ts'
import type { Tensors } from '../models/tensors.ts'
import { tensorOf } from './tensor-of.ts'

/** The votes of the trained item-cf model. @throws CORRUPT where a tensor is missing */
export function neighbourLists(tensors: Tensors): NeighbourVotes {
  const { data, shape } = tensorOf(tensors, 'neighbours')
  const neighbours = Int32Array.from(data)
  const kept = shape[1]!
  const weights = tensorOf(tensors, 'weights').data
  const window = tensorOf(tensors, 'window').data[0]!
  const decay = tensorOf(tensors, 'decay').data[0]!
  return {
    vote(history, add) {
      let influence = 1
      const last = history.length - 1
      for (let event = last; event >= 0 && event > last - window; event--, influence *= decay) {
        const item = history.item[event]!
        if (item < 0) continue
        for (let at = item * kept; at < (item + 1) * kept && neighbours[at]! >= 0; at++) {
          add(neighbours[at]!, influence * weights[at]!)
        }
      }
    },
  }
}
