import { selectRank } from '../../select.ts'
import { NEIGHBOUR_WORDS, readNeighbours } from '../../state/values/neighbours.ts'

/** Neighbours that are read of an item, over all partitions: the strongest. The others change no list, and cost time. */
export const ROW_LENGTH = 384

/**
 * The co-visits out of one item, all partitions added up, for reading only: the i-th neighbour has its item index at
 * i × NEIGHBOUR_WORDS, its decayed visits after and before behind it. A neighbour is there once.
 */
export interface NeighbourRow {
  readonly items: Int32Array
  readonly weights: Float32Array
}

/** A stored row of one partition, and item indexes by its ordinals. */
export interface NeighbourShard {
  readonly bytes: Uint8Array
  readonly indexes: Int32Array
}

/** Adds up the rows of one item. Owns the arrays that it works in. */
export class NeighbourMerger {
  /** By item index: word at which the item stands in the row being made, + 1; 0 for one that does not. */
  #words = new Int32Array(0)
  #items = new Int32Array(0)
  #weights = new Float32Array(0)
  #strengths = new Float32Array(0)

  /** @param size item indexes given out so far; a neighbour without one waits for the next vocabulary refresh */
  merge(shards: readonly NeighbourShard[], size: number): NeighbourRow {
    let most = 0
    for (const { bytes } of shards) most += bytes.byteLength
    this.#reserve(most, size)
    let length = 0
    for (const shard of shards) length = this.#add(shard, length)
    const words = this.#words
    for (let at = 0; at < length; at += NEIGHBOUR_WORDS) words[this.#items[at]!] = 0
    const items = this.#items.slice(0, this.#prune(length))
    return { items, weights: new Float32Array(items.buffer) }
  }

  #add({ bytes, indexes }: NeighbourShard, start: number): number {
    const { items: ordinals, weights: added } = readNeighbours(bytes)
    const [words, items, weights] = [this.#words, this.#items, this.#weights]
    let length = start
    for (let at = 0; at < ordinals.length; at += NEIGHBOUR_WORDS) {
      const item = indexes[ordinals[at]!] ?? -1
      if (item < 0) continue
      const word = words[item]! - 1
      if (word >= 0) {
        weights[word + 1]! += added[at + 1]!
        weights[word + 2]! += added[at + 2]!
        continue
      }
      words[item] = length + 1
      items[length] = item
      weights[length + 1] = added[at + 1]!
      weights[length + 2] = added[at + 2]!
      length += NEIGHBOUR_WORDS
    }
    return length
  }

  /**
   * Keeps the strongest, of equals the first; the order stays.
   * @returns the words left
   */
  #prune(length: number): number {
    const count = length / NEIGHBOUR_WORDS
    if (count <= ROW_LENGTH) return length
    const [items, weights, strengths] = [this.#items, this.#weights, this.#strengths]
    const strength = (at: number) => Math.fround(weights[at + 1]! + weights[at + 2]!)
    for (let i = 0; i < count; i++) strengths[i] = strength(i * NEIGHBOUR_WORDS)
    const threshold = selectRank(strengths, count, count - ROW_LENGTH)
    let equals = ROW_LENGTH
    for (let i = 0; i < count; i++) if (strengths[i]! > threshold) equals--
    let to = 0
    for (let at = 0; at < length; at += NEIGHBOUR_WORDS) {
      const own = strength(at)
      if (own < threshold || (own === threshold && equals-- <= 0)) continue
      items[to] = items[at]!
      weights[to + 1] = weights[at + 1]!
      weights[to + 2] = weights[at + 2]!
      to += NEIGHBOUR_WORDS
    }
    return to
  }

  #reserve(bytes: number, size: number): void {
    if (bytes > this.#items.byteLength) {
      this.#items = new Int32Array(bytes / 2)
      this.#weights = new Float32Array(this.#items.buffer)
      this.#strengths = new Float32Array(this.#items.length / NEIGHBOUR_WORDS)
    }
    if (size > this.#words.length) this.#words = new Int32Array(2 * size)
  }
}
