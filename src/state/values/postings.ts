/** Visits an item's postings keep, per partition: the latest. */
export const POSTINGS_LENGTH = 128
/** One posting: trail u32 · position in it u32. */
export const POSTING_WORDS = 2

/**
 * Where the latest visits of one item stand: in whose trail (by its number) and at which position. A ring of
 * POSTINGS_LENGTH, behind a count that says where the next one goes.
 */
export class Postings {
  #words: Uint32Array<ArrayBuffer>

  /** @param bytes as `encode` gave them; copied */
  constructor(bytes?: Uint8Array) {
    const buffer = new ArrayBuffer(Math.max((1 + 4 * POSTING_WORDS) * 4, bytes?.byteLength ?? 0))
    if (bytes) new Uint8Array(buffer).set(bytes)
    this.#words = new Uint32Array(buffer)
  }

  append(trail: number, position: number): void {
    const word = 1 + (this.#words[0]!++ % POSTINGS_LENGTH) * POSTING_WORDS
    if (word + POSTING_WORDS > this.#words.length) {
      const words = new Uint32Array(Math.min(2 * this.#words.length, 1 + POSTINGS_LENGTH * POSTING_WORDS))
      words.set(this.#words)
      this.#words = words
    }
    this.#words[word] = trail
    this.#words[word + 1] = position
  }

  /** Takes back what `append` was given, where it is still there. */
  takeBack(trail: number, position: number): void {
    const words = this.#words
    const count = words[0]!
    const kept = Math.min(count, POSTINGS_LENGTH)
    const others: number[] = []
    for (let age = kept; age > 0; age--) {
      const word = 1 + ((count - age) % POSTINGS_LENGTH) * POSTING_WORDS
      if (words[word] !== trail || words[word + 1] !== position) others.push(words[word]!, words[word + 1]!)
    }
    const left = others.length / POSTING_WORDS
    if (left === kept) return
    words[0] = left
    words.set(others, 1)
  }

  /** The stored form: a view, valid until the next `append`. */
  encode(): Uint8Array {
    const kept = Math.min(this.#words[0]!, POSTINGS_LENGTH)
    return new Uint8Array(this.#words.buffer, 0, 4 * (1 + kept * POSTING_WORDS))
  }
}

/** Stored bytes as words, for reading only: as they are where they lie on a word boundary, else copied. */
export function readWords(bytes: Uint8Array): Uint32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes)
  return new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 4)
}
