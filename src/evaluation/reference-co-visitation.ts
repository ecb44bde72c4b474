import type { RequestContext } from '../retrieval/sources/candidate-source.ts'
import type { Scores } from '../retrieval/sources/scores.ts'
import { CO_VISIT_HALF_LIFE_MS, DECAY_LANDMARK_MS } from '../state/values/decay.ts'

const HISTORY = 10

/**
 * The plain co-visitation that others are compared with: over the last ten items, the j-th weighing .8^j, the sum of
 * counts / (10 + visits of the item visited), divided by (5 + visits of the neighbour)^.3.
 *
 * @param rarity that last factor, by item index (see `referenceRarity`)
 */
export function scoreReference(context: RequestContext, into: Scores, size: number, rarity: Float64Array): void {
  const { history, rows, table } = context
  into.reset(size)
  const undecay = 2 ** (-(context.now - DECAY_LANDMARK_MS) / CO_VISIT_HALF_LIFE_MS)
  for (let position = 0; position < Math.min(HISTORY, rows.length); position++) {
    const factor = (0.8 ** position * undecay) / (10 + (table.visits[history[position]!.item] ?? 0))
    for (const { row, indexes } of rows[position]!) into.addRow(row, indexes, { after: factor, before: 0 }, position)
  }
  into.scale(rarity)
}

export function referenceRarity(visits: number): number {
  return (5 + visits) ** -0.3
}
