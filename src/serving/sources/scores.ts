import { NEIGHBOUR_WORDS, type NeighbourColumns } from '../../state/values/neighbours.ts'

/**
 * Scores by item index: an array over all items, and the list of those that have one, so that clearing costs what was
 * used. Remembers which history entry spoke loudest for each item.
 */
export class Scores {
  #scores = new Float64Array(0)
  #loudest = new Float64Array(0)
  #because = new Int32Array(0)
  /** What the history entry being added says so far, and which entry that is: its rows come one a partition. */
  #saying = new Float64Array(0)
  #speaker = new Int32Array(0)
  #has = new Uint8Array(0)
  #items = new Int32Array(0)
  #count = 0

  /** Empties it, and makes room for item indexes below `size`. */
  reset(size: number): void {
    for (let i = 0; i < this.#count; i++) {
      const item = this.#items[i]!
      this.#scores[item] = 0
      this.#loudest[item] = 0
      this.#has[item] = 0
    }
    this.#count = 0
    if (size <= this.#scores.length) return
    const room = Math.max(1024, size * 2)
    this.#scores = new Float64Array(room)
    this.#loudest = new Float64Array(room)
    this.#because = new Int32Array(room)
    this.#saying = new Float64Array(room)
    this.#speaker = new Int32Array(room)
    this.#has = new Uint8Array(room)
    this.#items = new Int32Array(room)
  }

  /** @param from position in the history (0 newest) that speaks for the item, -1 for none */
  add(item: number, amount: number, from: number): void {
    if (this.#has[item] === 0) {
      this.#has[item] = 1
      this.#items[this.#count++] = item
      this.#because[item] = -1
    }
    this.#scores[item]! += amount
    if (amount > this.#loudest[item]!) {
      this.#loudest[item] = amount
      this.#because[item] = from
    }
  }

  /**
   * Adds `factors.after` × weight after + `factors.before` × weight before for every neighbour of a stored row: the
   * loop that a request spends most of its time in.
   * @param indexes item index by the row's ordinals; a neighbour without one waits for the next vocabulary refresh
   */
  addRow(row: NeighbourColumns, indexes: Int32Array, factors: { after: number; before: number }, from: number): void {
    const { items, weights } = row
    const { after, before } = factors
    const scores = this.#scores
    const loudest = this.#loudest
    const because = this.#because
    const saying = this.#saying
    const speaker = this.#speaker
    const has = this.#has
    for (let at = 0; at < items.length; at += NEIGHBOUR_WORDS) {
      const item = indexes[items[at]!] ?? -1
      const amount = after * weights[at + 1]! + before * weights[at + 2]!
      if (item < 0 || amount === 0) continue
      if (has[item] === 0) {
        has[item] = 1
        this.#items[this.#count++] = item
        because[item] = -1
        speaker[item] = -1
      }
      scores[item]! += amount
      const said = speaker[item] === from ? saying[item]! + amount : amount
      speaker[item] = from
      saying[item] = said
      if (said > loudest[item]!) {
        loudest[item] = said
        because[item] = from
      }
    }
  }

  get(item: number): number {
    return this.#scores[item]!
  }

  /** Multiplies the score of each item by its factor. */
  scale(factors: Float64Array): void {
    for (let i = 0; i < this.#count; i++) {
      const item = this.#items[i]!
      this.#scores[item]! *= factors[item]!
      this.#loudest[item]! *= factors[item]!
    }
  }

  /** Position in the history that spoke loudest for the item, or -1, also for an item that has no score. */
  because(item: number): number {
    return this.#has[item] ? this.#because[item]! : -1
  }

  /** How much of the score is that entry's. */
  loudest(item: number): number {
    return this.#loudest[item]!
  }

  /** Items that have a score, each once. */
  get items(): Int32Array {
    return this.#items.subarray(0, this.#count)
  }
}
