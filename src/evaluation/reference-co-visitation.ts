import type { RequestContext } from '../serving/sources/candidate-source.ts'
import type { Scores } from '../serving/sources/scores.ts'
import { CO_VISIT_HALF_LIFE_MS, DECAY_LANDMARK_MS } from '../state/values/decay.ts'
import { NEIGHBOUR_WORDS } from '../state/values/neighbours.ts'

const HISTORY = 10

/**
 * The plain co-visitation that others are compared with: over the last ten items, the j-th weighing .8^j, the sum of
 * counts / (10 + visits of the item visited), divided by (5 + visits of the neighbour)^.3.
 */
export function scoreReference(context: RequestContext, into: Scores, size: number): void {
  const { history, rows, table } = context
  into.reset(size)
  const undecay = 2 ** (-(context.now - DECAY_LANDMARK_MS) / CO_VISIT_HALF_LIFE_MS)
  for (let position = 0; position < Math.min(HISTORY, rows.length); position++) {
    const factor = (0.8 ** position * undecay) / (10 + (table.visits[history[position]!.item] ?? 0))
    for (const { row, indexes } of rows[position]!) {
      for (let at = 0; at < row.items.length; at += NEIGHBOUR_WORDS) {
        const item = indexes[row.items[at]!] ?? -1
        if (item >= 0) into.add(item, factor * row.weights[at + 1]!, position)
      }
    }
  }
  into.scale((item) => (5 + table.visits[item]!) ** -0.3)
}
