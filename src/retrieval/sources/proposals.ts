import type { NeighbourRow } from '../online/neighbour-row.ts'

/** What the weights of a row of co-visits are multiplied by. */
export interface RowFactors {
  readonly after: number
  readonly before: number
}

/** What a source proposes to. An entry is a position in the history, 0 the newest. */
export interface Proposals {
  /** Adds what no history entry says. */
  add(item: number, amount: number): void
  /** Adds what one history entry says. What one entry says comes together. */
  addSaid(item: number, amount: number, from: number): void
  /**
   * Adds `factors.after` × weight after + `factors.before` × weight before for every neighbour of a row.
   * @param from the entry that the row is of
   */
  addRow(row: NeighbourRow, factors: RowFactors, from: number): void
  /** Multiplies the score of each item by its factor, and leaves out those of which nothing has been said. */
  scale(factors: Float64Array): void
}
