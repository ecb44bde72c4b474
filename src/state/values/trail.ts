/** Items a user's trail keeps: the latest. */
export const TRAIL_LENGTH = 200

/**
 * The items a user visited, in order: what others' sessions are compared with and continued by. A visit has a position,
 * 0 for the first ever; the latest TRAIL_LENGTH are kept, at word 1 + position mod TRAIL_LENGTH, behind their count.
 */
export class Trail {
  #words: Uint32Array<ArrayBuffer>

  /** @param bytes as `encode` gave them; copied */
  constructor(bytes?: Uint8Array) {
    const buffer = new ArrayBuffer(Math.max(8 * 4, bytes?.byteLength ?? 0))
    if (bytes) new Uint8Array(buffer).set(bytes)
    this.#words = new Uint32Array(buffer)
  }

  /** Visits ever: the position of the next. */
  get count(): number {
    return this.#words[0]!
  }

  append(item: number): void {
    const position = this.#words[0]!++
    const word = 1 + (position % TRAIL_LENGTH)
    if (word >= this.#words.length) {
      const words = new Uint32Array(Math.min(2 * this.#words.length, 1 + TRAIL_LENGTH))
      words.set(this.#words)
      this.#words = words
    }
    this.#words[word] = item
  }

  /** The stored form: a view, valid until the next `append`. */
  encode(): Uint8Array {
    return new Uint8Array(this.#words.buffer, 0, 4 * (1 + Math.min(this.count, TRAIL_LENGTH)))
  }
}

/** The item of a stored trail at a position, for reading only; -1 where it has been forgotten or is yet to come. */
export function trailItem(words: Uint32Array, position: number): number {
  const count = words[0]!
  if (position < 0 || position >= count || position < count - TRAIL_LENGTH) return -1
  return words[1 + (position % TRAIL_LENGTH)]!
}
