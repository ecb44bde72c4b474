/** Users whose sums are kept: those who come again soon. */
const KEPT = 400

interface Kept {
  readonly sum: Float32Array
  /** Position in the history that the sum begins with. */
  readonly first: number
  length: number
}

export interface HistoryWeights {
  /** Items counted, the newest. */
  readonly window: number
  /** What the j-th newest weighs: decay^j. */
  readonly decay: number
}

/**
 * Weighted sums of the rows of an item-item matrix over a user's history, carried on as the history grows instead of
 * summed anew for every request.
 */
export class HistorySums {
  readonly #weights: HistoryWeights
  readonly #byUser = new Map<number, Kept>()

  constructor(weights: HistoryWeights) {
    this.#weights = weights
  }

  /** The matrix has changed. */
  clear(): void {
    this.#byUser.clear()
  }

  /**
   * @param rows item by item, row-major, `size` to a row
   * @param history item indexes, oldest first; only ever appended to
   * @returns by item, valid until the next call
   */
  of(user: number, history: readonly number[], rows: Float32Array, size: number): Float32Array {
    const { window, decay } = this.#weights
    const known = this.#byUser.get(user)
    // What left the window before the sums began was never added.
    const kept = known ?? { sum: new Float32Array(size), first: Math.max(0, history.length - window), length: 0 }
    const { sum, first } = kept
    for (let at = Math.max(first, kept.length); at < history.length; at++) {
      addRow(sum, rows, history[at]! * size, decay)
      if (at - window >= first) subtractRow(sum, rows, history[at - window]! * size, decay ** window)
    }
    kept.length = history.length
    this.#keep(user, kept)
    return sum
  }

  #keep(user: number, kept: Kept): void {
    this.#byUser.delete(user)
    this.#byUser.set(user, kept)
    if (this.#byUser.size <= KEPT) return
    const [longestUnused] = this.#byUser.keys()
    this.#byUser.delete(longestUnused!)
  }
}

function addRow(sum: Float32Array, rows: Float32Array, row: number, decay: number): void {
  for (let item = 0; item < sum.length; item++) sum[item] = decay * sum[item]! + rows[row + item]!
}

function subtractRow(sum: Float32Array, rows: Float32Array, row: number, weight: number): void {
  for (let item = 0; item < sum.length; item++) sum[item]! -= weight * rows[row + item]!
}
