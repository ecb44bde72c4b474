import { ranksAmong } from '../../kernels/ranks.ts'
import { NEIGHBOUR_WORDS } from '../../state/values/neighbours.ts'
import type { NeighbourRow } from '../online/neighbour-row.ts'

/** What the weights of a row of co-visits are multiplied by. */
interface RowFactors {
  readonly after: number
  readonly before: number
}

const NOBODY = -1

/**
 * What a source proposes: scores by item index, and which history entry spoke loudest for each item. A sum for every
 * item, and the list of the items that have one, so that clearing costs what was used. An entry is a position in the
 * history, 0 the newest.
 */
export class Scores {
  #sums = new Float64Array(0)
  /** 1 for an item that has a score. */
  #has = new Uint8Array(0)
  #items = new Int32Array(0)
  #count = 0
  // By item, of what entries say; there from the first time on that anything is said.
  #loudest = new Float64Array(0)
  #because = new Int32Array(0)
  /** What the entry that spoke last has said so far, and which that was. */
  #saying = new Float64Array(0)
  #speaker = new Int32Array(0)

  /** Empties it, and makes room for item indexes below `size`. */
  reset(size: number): void {
    const isSaid = this.#loudest.length > 0
    for (let i = 0; i < this.#count; i++) {
      const item = this.#items[i]!
      this.#sums[item] = 0
      this.#has[item] = 0
      if (isSaid) this.#forget(item)
    }
    this.#count = 0
    if (size <= this.#items.length) return
    const room = Math.max(1024, size * 2)
    this.#sums = new Float64Array(room)
    this.#has = new Uint8Array(room)
    this.#items = new Int32Array(room)
    if (isSaid) this.#makeRoomForSaid()
  }

  /** Adds what no history entry says. */
  add(item: number, amount: number): void {
    if (this.#has[item] === 0) {
      this.#has[item] = 1
      this.#items[this.#count++] = item
    }
    this.#sums[item]! += amount
  }

  /** Adds what one history entry says. What one entry says comes together. */
  addSaid(item: number, amount: number, from: number): void {
    if (this.#loudest.length === 0) this.#makeRoomForSaid()
    this.add(item, amount)
    const said = this.#speaker[item] === from ? this.#saying[item]! + amount : amount
    this.#saying[item] = said
    this.#speaker[item] = from
    if (said > this.#loudest[item]!) {
      this.#loudest[item] = said
      this.#because[item] = from
    }
  }

  /**
   * Adds `factors.after` × weight after + `factors.before` × weight before for every neighbour of a row.
   *
   * The loop that a request spends most of its time in. Half of the items are new, which a processor would predict wrongly:
   * every one is written behind the list, and the list grows where it was new. That a later entry is louder is rare.
   *
   * @param from the entry that the row is of
   */
  addRow({ items, weights }: NeighbourRow, { after, before }: RowFactors, from: number): void {
    if (this.#loudest.length === 0) this.#makeRoomForSaid()
    const [sums, has, listed, loudest, because] = [this.#sums, this.#has, this.#items, this.#loudest, this.#because]
    let count = this.#count
    for (let at = 0; at < items.length; at += NEIGHBOUR_WORDS) {
      const item = items[at]!
      const said = after * weights[at + 1]! + before * weights[at + 2]!
      listed[count] = item
      count += 1 - has[item]!
      has[item] = 1
      sums[item]! += said
      if (said > loudest[item]!) {
        loudest[item] = said
        because[item] = from
      }
    }
    this.#count = count
  }

  /** Adds what another has relative to `best`, saturated, times `weight`. */
  addSaturated(other: Scores, weight: number, best: number): void {
    const [sums, has, listed] = [this.#sums, this.#has, this.#items]
    let count = this.#count
    const [others, scores] = [other.#items, other.#sums]
    // As `saturated` has it, with one division instead of two.
    const [most, half] = [weight * (1 + HALF), best * HALF]
    for (let i = 0; i < other.#count; i++) {
      const item = others[i]!
      const score = scores[item]!
      listed[count] = item
      count += 1 - has[item]!
      has[item] = 1
      sums[item]! += (most * score) / (Math.abs(score) + half)
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

  /** Multiplies the score of each item by its factor, and leaves out those of which nothing has been said. */
  scale(factors: Float64Array): void {
    const [sums, items, loudest] = [this.#sums, this.#items, this.#loudest]
    const isSaid = loudest.length > 0
    let count = 0
    for (let i = 0; i < this.#count; i++) {
      const item = items[i]!
      if (sums[item] === 0) {
        this.#has[item] = 0
        if (isSaid) this.#forget(item)
        continue
      }
      items[count++] = item
      sums[item]! *= factors[item]!
      if (isSaid) loudest[item]! *= factors[item]!
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

  /** The rank (from 1) of some items among all that have a score; of one that has none it means nothing. */
  ranksOf(items: readonly number[]): number[] {
    const [sums, listed] = [this.#sums, this.#items]
    const own = items.map((item) => this.get(item))
    return ranksAmong(own, this.#count, (all) => {
      for (let i = 0; i < this.#count; i++) all[i] = sums[listed[i]!]!
    })
  }

  /** Position in the history that spoke loudest for the item, or -1. */
  because(item: number): number {
    return this.#because[item] ?? NOBODY
  }

  /** How much of the score is that entry's. */
  loudest(item: number): number {
    return this.#loudest[item] ?? 0
  }

  #makeRoomForSaid(): void {
    const room = this.#sums.length
    this.#loudest = new Float64Array(room)
    this.#because = new Int32Array(room).fill(NOBODY)
    this.#saying = new Float64Array(room)
    this.#speaker = new Int32Array(room).fill(NOBODY)
  }

  #forget(item: number): void {
    this.#loudest[item] = 0
    this.#because[item] = NOBODY
    this.#speaker[item] = NOBODY
  }
}

/** Of the best score, what counts about half as much. */
const HALF = 0.1

/** What a score counts, -1 to 1, that is `relative` to the best: most are far below it, and a little of it says much. */
export function saturated(relative: number): number {
  return ((1 + HALF) * relative) / (Math.abs(relative) + HALF)
}
