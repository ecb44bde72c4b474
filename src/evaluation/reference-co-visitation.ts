import type { NeighbourRow } from '../retrieval/online/neighbour-row.ts'
import type { RequestContext } from '../retrieval/sources/candidate-source.ts'
import { CO_VISIT_HALF_LIFE_MS, DECAY_LANDMARK_MS } from '../state/values/decay.ts'
import { NEIGHBOUR_WORDS } from '../state/values/neighbours.ts'

const HISTORY = 10

/**
 * The plain co-visitation that others are compared with: over the last ten items, the j-th weighing .8^j, the sum of
 * counts / (10 + visits of the item visited), divided by (5 + visits of the neighbour)^.3.
 *
 * @param into by item index
 * @param rarity that last factor, by item index (see `referenceRarity`)
 */
export function scoreReference(context: RequestContext, into: Float64Array, rarity: Float64Array): void {
  const { history, rows, table } = context
  into.fill(0)
  const undecay = 2 ** (-(context.now - DECAY_LANDMARK_MS) / CO_VISIT_HALF_LIFE_MS)
  for (let position = 0; position < Math.min(HISTORY, rows.length); position++) {
    const factor = (0.8 ** position * undecay) / (10 + (table.visits[history[position]!.item] ?? 0))
    addRow(into, rows[position]!, factor)
  }
  for (let item = 0; item < into.length; item++) into[item]! *= rarity[item]!
}

function addRow(into: Float64Array, { items, weights }: NeighbourRow, factor: number): void {
  for (let at = 0; at < items.length; at += NEIGHBOUR_WORDS) into[items[at]!]! += factor * weights[at + 1]!
}

export function referenceRarity(visits: number): number {
  return (5 + visits) ** -0.3
}
