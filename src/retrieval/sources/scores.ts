import { NEIGHBOUR_WORDS } from '../../state/values/neighbours.ts'
import type { NeighbourRow } from '../online/neighbour-row.ts'
import type { Proposals, RowFactors } from './proposals.ts'
import { Speakers } from './speakers.ts'

/**
 * Scores by item index: a sum for every item, and the list of the items that have one, so that clearing costs what was
 * used. Which history entry spoke loudest for an item is worked out for those that are asked about, by having the
 * source say it all again: of thousands of items it matters for a few.
 */
export class Scores implements Proposals {
  #sums = new Float64Array(0)
  /** 1 for an item that has a score. */
  #has = new Uint8Array(0)
  #items = new Int32Array(0)
  #count = 0
  /** Whether anything came of a history entry. */
  #isSaid = false
  #propose: ((into: Proposals) => void) | undefined
  readonly #speakers = new Speakers()

  /**
   * Empties it, and makes room for item indexes below `size`.
   * @param propose says what has been added, again, to another
   */
  reset(size: number, propose?: (into: Proposals) => void): void {
    for (let i = 0; i < this.#count; i++) {
      const item = this.#items[i]!
      this.#sums[item] = 0
      this.#has[item] = 0
    }
    this.#count = 0
    this.#isSaid = false
    this.#propose = propose
    this.#speakers.reset()
    if (size <= this.#items.length) return
    const room = Math.max(1024, size * 2)
    this.#sums = new Float64Array(room)
    this.#has = new Uint8Array(room)
    this.#items = new Int32Array(room)
  }

  add(item: number, amount: number): void {
    if (this.#has[item] === 0) {
      this.#has[item] = 1
      this.#items[this.#count++] = item
    }
    this.#sums[item]! += amount
  }

  addSaid(item: number, amount: number): void {
    this.#isSaid = true
    this.add(item, amount)
  }

  /**
   * The loop that a request spends most of its time in. Without a branch, since half of them would be predicted wrongly:
   * every item is written behind the list, and the list grows where it was new.
   */
  addRow({ items, weights }: NeighbourRow, { after, before }: RowFactors): void {
    this.#isSaid = true
    const [sums, has, listed] = [this.#sums, this.#has, this.#items]
    let count = this.#count
    for (let at = 0; at < items.length; at += NEIGHBOUR_WORDS) {
      const item = items[at]!
      listed[count] = item
      count += 1 - has[item]!
      has[item] = 1
      sums[item]! += after * weights[at + 1]! + before * weights[at + 2]!
    }
    this.#count = count
  }

  /** Adds what another has relative to `best`, saturated, times `weight`. */
  addSaturated(other: Scores, weight: number, best: number): void {
    const [sums, has, listed] = [this.#sums, this.#has, this.#items]
    let count = this.#count
    for (let i = 0; i < other.#count; i++) {
      const item = other.#items[i]!
      listed[count] = item
      count += 1 - has[item]!
      has[item] = 1
      sums[item]! += weight * saturated(other.#sums[item]! / best)
    }
    this.#count = count
  }

  /**
   * The greatest score by amount, 0 where there is none.
   * @param met by item index: 1 for what counts only where there is nothing else
   */
  most(met: Uint8Array): number {
    let most = 0
    let mostMet = 0
    for (let i = 0; i < this.#count; i++) {
      const item = this.#items[i]!
      const amount = Math.abs(this.#sums[item]!)
      if (met[item] === 1) mostMet = Math.max(mostMet, amount)
      else most = Math.max(most, amount)
    }
    return most || mostMet
  }

  scale(factors: Float64Array): void {
    let count = 0
    for (let i = 0; i < this.#count; i++) {
      const item = this.#items[i]!
      if (this.#sums[item] === 0) {
        this.#has[item] = 0
        continue
      }
      this.#items[count++] = item
      this.#sums[item]! *= factors[item]!
    }
    this.#count = count
  }

  get(item: number): number {
    return this.#sums[item] ?? 0
  }

  /** Items that have a score, each once. */
  get items(): Int32Array {
    return this.#items.subarray(0, this.#count)
  }

  /** Works out who spoke loudest for these items at once, which is cheaper than to ask for one after another. */
  listenFor(items: ArrayLike<number>): void {
    if (!this.#isSaid || this.#speakers.haveHeard(items)) return
    this.#speakers.reset(items, this.#sums.length)
    this.#propose?.(this.#speakers)
  }

  /** Position in the history that spoke loudest for the item, or -1, also for an item that has no score. */
  because(item: number): number {
    this.#listenForAllBut(item)
    return this.#speakers.because(item)
  }

  /** How much of the score is that entry's. */
  loudest(item: number): number {
    this.#listenForAllBut(item)
    return this.#speakers.loudest(item)
  }

  /** An item that was not listened for: all are, since more such may follow. */
  #listenForAllBut(item: number): void {
    if (this.#isSaid && this.#has[item] === 1 && !this.#speakers.hasHeard(item)) this.listenFor(this.items)
  }
}

/** Of the best score, what counts about half as much. */
const HALF = 0.1

/** What a score counts, -1 to 1, that is `relative` to the best: most are far below it, and a little of it says much. */
export function saturated(relative: number): number {
  return ((1 + HALF) * relative) / (Math.abs(relative) + HALF)
}
