import { NEIGHBOUR_WORDS } from '../../state/values/neighbours.ts'
import type { NeighbourRow } from '../online/neighbour-row.ts'
import type { Proposals, RowFactors } from './proposals.ts'

const NOBODY = -1

/** Listens to a source for some items: which history entry speaks loudest for each, and how loud. */
export class Speakers implements Proposals {
  /** Item indexes listened for, each once. */
  #items: number[] = []
  /** By item index: 1 for those. */
  #wanted = new Uint8Array(0)
  #loudest = new Float64Array(0)
  #because = new Int32Array(0)
  /** What the entry that spoke last has said so far, and which that was. */
  #saying = new Float64Array(0)
  #speaker = new Int32Array(0)

  /** Forgets what it heard, and listens for `items`, all below `size`. */
  reset(items: ArrayLike<number> = [], size = 0): void {
    for (const item of this.#items) this.#wanted[item] = 0
    this.#items = []
    if (size > this.#wanted.length) {
      this.#wanted = new Uint8Array(size)
      this.#loudest = new Float64Array(size)
      this.#because = new Int32Array(size)
      this.#saying = new Float64Array(size)
      this.#speaker = new Int32Array(size)
    }
    for (let i = 0; i < items.length; i++) {
      const item = items[i]!
      if (this.#wanted[item] !== 0) continue
      this.#wanted[item] = 1
      this.#items.push(item)
      this.#loudest[item] = 0
      this.#because[item] = NOBODY
      this.#speaker[item] = NOBODY
    }
  }

  hasHeard(item: number): boolean {
    return this.#wanted[item] === 1
  }

  haveHeard(items: ArrayLike<number>): boolean {
    for (let i = 0; i < items.length; i++) if (this.#wanted[items[i]!] !== 1) return false
    return true
  }

  because(item: number): number {
    return this.hasHeard(item) ? this.#because[item]! : NOBODY
  }

  loudest(item: number): number {
    return this.hasHeard(item) ? this.#loudest[item]! : 0
  }

  add(): void {}

  addSaid(item: number, amount: number, from: number): void {
    if (this.#wanted[item] !== 1) return
    const said = this.#speaker[item] === from ? this.#saying[item]! + amount : amount
    this.#saying[item] = said
    this.#speaker[item] = from
    this.#hear(item, said, from)
  }

  addRow({ items, weights }: NeighbourRow, { after, before }: RowFactors, from: number): void {
    const wanted = this.#wanted
    for (let at = 0; at < items.length; at += NEIGHBOUR_WORDS) {
      const item = items[at]!
      if (wanted[item] === 1) this.#hear(item, after * weights[at + 1]! + before * weights[at + 2]!, from)
    }
  }

  scale(factors: Float64Array): void {
    for (const item of this.#items) this.#loudest[item]! *= factors[item]!
  }

  #hear(item: number, said: number, from: number): void {
    if (said <= this.#loudest[item]!) return
    this.#loudest[item] = said
    this.#because[item] = from
  }
}
