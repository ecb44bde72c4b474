import { NEIGHBOUR_WORDS } from '../../state/values/neighbours.ts'
import type { NeighbourRow } from '../online/neighbour-row.ts'

// An item's cell is 32 bytes, so that what the innermost loop touches of it lies in one line of the processor's cache:
// f64 score · f64 what the loudest history entry said · f64 what the one being added says so far · i32 the loudest
// entry · i32 the one being added. An entry is a position in the history, 0 the newest.
const CELL = 4
const SCORE = 0
const LOUDEST = 1
const SAYING = 2
const BECAUSE = 2 * 3
const SPEAKER = 2 * 3 + 1
const NOBODY = -1
/** Of an item that has no score. */
const ABSENT = -2

/**
 * Scores by item index: a cell for every item, and the list of the items that have a score, so that clearing costs what
 * was used. Remembers which history entry spoke loudest for each item.
 */
export class Scores {
  #numbers = new Float64Array(0)
  #entries = new Int32Array(0)
  #items = new Int32Array(0)
  #count = 0

  /** Empties it, and makes room for item indexes below `size`. */
  reset(size: number): void {
    for (let i = 0; i < this.#count; i++) this.#clear(this.#items[i]!)
    this.#count = 0
    if (size <= this.#items.length) return
    const room = Math.max(1024, size * 2)
    this.#numbers = new Float64Array(room * CELL)
    this.#entries = new Int32Array(this.#numbers.buffer)
    this.#items = new Int32Array(room)
    for (let item = 0; item < room; item++) this.#clear(item)
  }

  /** Adds what no history entry says. */
  add(item: number, amount: number): void {
    const cell = item * CELL
    if (this.#entries[2 * cell + SPEAKER] === ABSENT) {
      this.#items[this.#count++] = item
      this.#entries[2 * cell + SPEAKER] = NOBODY
    }
    this.#numbers[cell + SCORE]! += amount
  }

  /**
   * Adds `factors.after` × weight after + `factors.before` × weight before for every neighbour of a row: the loop that
   * a request spends most of its time in.
   * @param from position in the history that the row is of
   */
  addRow({ items, weights }: NeighbourRow, { after, before }: { after: number; before: number }, from: number): void {
    const numbers = this.#numbers
    const entries = this.#entries
    for (let at = 0; at < items.length; at += NEIGHBOUR_WORDS) {
      const amount = after * weights[at + 1]! + before * weights[at + 2]!
      if (amount === 0) continue
      const item = items[at]!
      const cell = item * CELL
      if (entries[2 * cell + SPEAKER] === ABSENT) {
        this.#items[this.#count++] = item
        entries[2 * cell + SPEAKER] = NOBODY
      }
      numbers[cell + SCORE]! += amount
      if (amount > numbers[cell + LOUDEST]!) {
        numbers[cell + LOUDEST] = amount
        entries[2 * cell + BECAUSE] = from
      }
    }
  }

  /** Adds what one history entry says. What one entry says comes together. */
  addSaid(item: number, amount: number, from: number): void {
    const cell = item * CELL
    const numbers = this.#numbers
    const entries = this.#entries
    const speaker = entries[2 * cell + SPEAKER]!
    if (speaker === ABSENT) this.#items[this.#count++] = item
    const said = speaker === from ? numbers[cell + SAYING]! + amount : amount
    numbers[cell + SCORE]! += amount
    numbers[cell + SAYING] = said
    entries[2 * cell + SPEAKER] = from
    if (said > numbers[cell + LOUDEST]!) {
      numbers[cell + LOUDEST] = said
      entries[2 * cell + BECAUSE] = from
    }
  }

  get(item: number): number {
    return this.#numbers[item * CELL + SCORE] ?? 0
  }

  /** Multiplies the score of each item by its factor. */
  scale(factors: Float64Array): void {
    for (let i = 0; i < this.#count; i++) {
      const item = this.#items[i]!
      this.#numbers[item * CELL + SCORE]! *= factors[item]!
      this.#numbers[item * CELL + LOUDEST]! *= factors[item]!
    }
  }

  /** Position in the history that spoke loudest for the item, or -1, also for an item that has no score. */
  because(item: number): number {
    return this.#entries[2 * item * CELL + BECAUSE] ?? NOBODY
  }

  /** How much of the score is that entry's. */
  loudest(item: number): number {
    return this.#numbers[item * CELL + LOUDEST]!
  }

  /** Items that have a score, each once. */
  get items(): Int32Array {
    return this.#items.subarray(0, this.#count)
  }

  #clear(item: number): void {
    const cell = item * CELL
    this.#numbers[cell + SCORE] = 0
    this.#numbers[cell + LOUDEST] = 0
    this.#entries[2 * cell + BECAUSE] = NOBODY
    this.#entries[2 * cell + SPEAKER] = ABSENT
  }
}
