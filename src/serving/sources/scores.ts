/**
 * Scores by item index: an array over all items, and the list of those that have one, so that clearing costs what was
 * used. Remembers which history entry spoke loudest for each item.
 */
export class Scores {
  #scores = new Float64Array(0)
  #loudest = new Float64Array(0)
  #because = new Int32Array(0)
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

  get(item: number): number {
    return this.#scores[item]!
  }

  /** Multiplies the score of each item by `factor(item)`. */
  scale(factor: (item: number) => number): void {
    for (let i = 0; i < this.#count; i++) {
      const item = this.#items[i]!
      const by = factor(item)
      this.#scores[item]! *= by
      this.#loudest[item]! *= by
    }
  }

  /** Position in the history that spoke loudest for the item, or -1. */
  because(item: number): number {
    return this.#because[item]!
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
