import { CO_VISIT_HALF_LIFE_MS, DECAY_LANDMARK_MS } from '../../state/values/decay.ts'
import type { RequestContext } from './candidate-source.ts'
import type { Scores } from './scores.ts'

/** Co-visits of an item are taken relative to (ROW_OFFSET + visits)^ROW_EXPONENT: between a count and a share. */
export const ROW_OFFSET = 3
export const ROW_EXPONENT = 0.8
/**
 * Adds up co-visits over the history: sum over its entries of influence × weight(entry) × counts(entry, item),
 * normalised by both items' visits (`ItemTable.rarity` for the neighbour's: what goes with everything says less).
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
    into.addRow(rows[position]!, { after: factor, before: factor * before }, position)
  }
  into.scale(table.rarity)
}
