/** Items a user's trail keeps: the latest. */
export const TRAIL_LENGTH = 200
/** Stands where a visit was taken back. */
const TAKEN_BACK = 0xffffffff

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

  /** Visits ever, but for those taken back at the end: the position of the next. */
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

  /**
   * Takes back the visit of `item` that `later` other visits of it came after. The visits behind it keep their positions:
   * it leaves a gap, unless it was the latest.
   * @returns its position, or -1 where the trail has it no more
   */
  takeBack(item: number, later: number): number {
    const oldest = Math.max(0, this.count - TRAIL_LENGTH)
    let others = later
    let position = this.count - 1
    while (position >= oldest && !(this.#at(position) === item && others-- === 0)) position--
    if (position < oldest) return -1
    this.#words[1 + (position % TRAIL_LENGTH)] = TAKEN_BACK
    while (this.count > oldest && this.#at(this.count - 1) === TAKEN_BACK) this.#words[0]!--
    return position
  }

  #at(position: number): number {
    return this.#words[1 + (position % TRAIL_LENGTH)]!
  }

  /** The stored form: a view, valid until the next `append`. */
  encode(): Uint8Array {
    return new Uint8Array(this.#words.buffer, 0, 4 * (1 + Math.min(this.count, TRAIL_LENGTH)))
  }
}

/** The item of a stored trail at a position, for reading only; -1 where it is forgotten, taken back or yet to come. */
export function trailItem(words: Uint32Array, position: number): number {
  const count = words[0]!
  if (position < 0 || position >= count || position < count - TRAIL_LENGTH) return -1
  const item = words[1 + (position % TRAIL_LENGTH)]!
  return item === TAKEN_BACK ? -1 : item
}
