import { selectRank } from '../../select.ts'

/** Neighbours kept of an item, per partition: the strongest. */
export const NEIGHBOURS_LENGTH = 256

/** A row may grow past the bound by half before it is pruned to it, so that pruning is rare. */
export const NEIGHBOURS_CAPACITY = NEIGHBOURS_LENGTH * 1.5
/** One entry: neighbour ordinal u32 · weight after f32 · weight before f32. */
export const NEIGHBOUR_WORDS = 3
const WORDS = NEIGHBOUR_WORDS
export const NEIGHBOUR_BYTES = WORDS * 4
const EMPTY = 0

/**
 * The co-visits of one item with its neighbours: how much each was visited after it, and how much before. In the
 * order of first meeting. Kept as the bytes that are stored; a hash index, built when the row is first added to,
 * finds an entry.
 */
export class Neighbours {
  #items: Uint32Array<ArrayBuffer>
  #weights: Float32Array
  #length: number
  /** Open addressing: position of the entry + 1, EMPTY where free. Its size is a power of two, 1.3 times the room or more. */
  #index: Uint16Array | undefined

  /** @param bytes as `encode` gave them; copied */
  constructor(bytes?: Uint8Array) {
    this.#length = bytes ? bytes.byteLength / NEIGHBOUR_BYTES : 0
    const buffer = new ArrayBuffer(Math.max(8, this.#length) * NEIGHBOUR_BYTES)
    if (bytes) new Uint8Array(buffer).set(bytes)
    this.#items = new Uint32Array(buffer)
    this.#weights = new Float32Array(buffer)
  }

  get length(): number {
    return this.#length
  }

  item(position: number): number {
    return this.#items[position * WORDS]!
  }

  /** Decayed co-visits of which the neighbour was the later. */
  after(position: number): number {
    return this.#weights[position * WORDS + 1]!
  }

  /** Decayed co-visits of which the neighbour was the earlier. */
  before(position: number): number {
    return this.#weights[position * WORDS + 2]!
  }

  add(item: number, after: number, before: number): void {
    const at = (this.#find(item) ?? this.#append(item)) * WORDS
    this.#weights[at + 1]! += after
    this.#weights[at + 2]! += before
    if (this.#length === NEIGHBOURS_CAPACITY) this.#prune()
  }

  /** Takes back what `add` was given, as far as it is still there: a neighbour may have been pruned in between. */
  subtract(item: number, after: number, before: number): void {
    const position = this.#find(item)
    if (position === undefined) return
    const at = position * WORDS
    this.#weights[at + 1] = Math.max(0, this.#weights[at + 1]! - after)
    this.#weights[at + 2] = Math.max(0, this.#weights[at + 2]! - before)
  }

  /** The stored form: a view, valid until the next `add`. */
  encode(): Uint8Array {
    return new Uint8Array(this.#items.buffer, 0, this.#length * NEIGHBOUR_BYTES)
  }

  #find(item: number): number | undefined {
    const index = this.#index ?? this.#reindex()
    const mask = index.length - 1
    for (let slot = hash(item) & mask; index[slot] !== EMPTY; slot = (slot + 1) & mask) {
      const position = index[slot]! - 1
      if (this.#items[position * WORDS] === item) return position
    }
    return undefined
  }

  #append(item: number): number {
    if (this.#length * WORDS === this.#items.length) {
      const items = new Uint32Array(Math.min(this.#length * 2, NEIGHBOURS_CAPACITY) * WORDS)
      items.set(this.#items)
      this.#items = items
      this.#weights = new Float32Array(items.buffer)
      this.#reindex()
    }
    const position = this.#length++
    this.#items[position * WORDS] = item
    this.#weights[position * WORDS + 1] = 0
    this.#weights[position * WORDS + 2] = 0
    this.#enter(this.#index!, position)
    return position
  }

  /** Keeps the strongest, of equals the later; the order stays. What remains depends on the additions alone. */
  #prune(): void {
    const words = this.#items
    for (let i = 0; i < this.#length; i++) strengths[i] = this.after(i) + this.before(i)
    ordered.set(strengths)
    let leaving = this.#length - NEIGHBOURS_LENGTH
    const threshold = selectRank(ordered, this.#length, leaving)
    for (let i = 0; i < this.#length; i++) if (strengths[i]! < threshold) leaving--
    let to = 0
    for (let i = 0; i < this.#length; i++) {
      const strength = strengths[i]!
      if (strength < threshold || (strength === threshold && leaving-- > 0)) continue
      for (let from = i * WORDS; from < (i + 1) * WORDS; ) words[to++] = words[from++]!
    }
    this.#length = to / WORDS
    this.#reindex()
  }

  #reindex(): Uint16Array {
    const size = 2 ** Math.ceil(Math.log2((this.#items.length / WORDS) * 1.3))
    const index = this.#index?.length === size ? this.#index.fill(EMPTY) : new Uint16Array(size)
    for (let position = 0; position < this.#length; position++) this.#enter(index, position)
    this.#index = index
    return index
  }

  #enter(index: Uint16Array, position: number): void {
    let slot = hash(this.item(position)) & (index.length - 1)
    while (index[slot] !== EMPTY) slot = (slot + 1) & (index.length - 1)
    index[slot] = position + 1
  }
}

// Scratch space of `prune`.
const strengths = new Float32Array(NEIGHBOURS_CAPACITY)
const ordered = new Float32Array(NEIGHBOURS_CAPACITY)

/** A stored row as columns, for reading only: entry i has its item at i * 3, its weights after and before behind it. */
export interface NeighbourColumns {
  readonly items: Uint32Array
  readonly weights: Float32Array
}

/** @param bytes as `encode` gave them; used as they are where they lie on a word boundary, else copied */
export function readNeighbours(bytes: Uint8Array): NeighbourColumns {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes)
  const length = aligned.byteLength / 4
  return {
    items: new Uint32Array(aligned.buffer, aligned.byteOffset, length),
    weights: new Float32Array(aligned.buffer, aligned.byteOffset, length),
  }
}

/** Fibonacci hashing: consecutive ordinals spread over the table. */
function hash(item: number): number {
  return Math.imul(item, 0x9e3779b1) >>> 15
}
