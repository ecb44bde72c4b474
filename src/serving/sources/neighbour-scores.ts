import { CO_VISIT_HALF_LIFE_MS, DECAY_LANDMARK_MS } from '../../state/values/decay.ts'
import { NEIGHBOUR_WORDS } from '../../state/values/neighbours.ts'
import type { RequestContext } from './candidate-source.ts'
import type { Scores } from './scores.ts'

/** Co-visits of an item are taken relative to (ROW_OFFSET + visits)^ROW_EXPONENT: between a count and a share. */
const ROW_OFFSET = 3
const ROW_EXPONENT = 0.8
/** And divided by (COMMON_OFFSET + visits)^COMMON_EXPONENT of the neighbour: what goes with everything says less. */
const COMMON_OFFSET = 5
const COMMON_EXPONENT = 0.2

/**
 * Adds up co-visits over the history: sum over its entries of influence × weight(entry) × counts(entry, item),
 * normalised by both items' visits.
 *
 * @param weight of the entry at a position (0 newest), 0 to leave it out
 * @param before how much a neighbour visited before the entry counts, where one visited after it counts 1
 */
export function addNeighbourScores(
  context: RequestContext,
  into: Scores,
  weight: (position: number) => number,
  before: number,
): void {
  const { history, influence, rows, table } = context
  // Forward-decayed counts, brought to what they are worth now.
  const undecay = 2 ** (-(context.now - DECAY_LANDMARK_MS) / CO_VISIT_HALF_LIFE_MS)
  for (let position = 0; position < rows.length; position++) {
    const visits = table.visits[history[position]!.item] ?? 0
    const factor = (weight(position) * influence[position]! * undecay) / (ROW_OFFSET + visits) ** ROW_EXPONENT
    if (factor === 0) continue
    for (const { row, indexes } of rows[position]!) {
      const { items, weights } = row
      for (let at = 0; at < items.length; at += NEIGHBOUR_WORDS) {
        const amount = weights[at + 1]! + before * weights[at + 2]!
        // An item that the vocabulary has not been refreshed for yet waits until it has.
        const item = indexes[items[at]!] ?? -1
        if (amount > 0 && item >= 0) into.add(item, factor * amount, position)
      }
    }
  }
  into.scale((item) => (COMMON_OFFSET + table.visits[item]!) ** -COMMON_EXPONENT)
}
