/** Interactions a user's history keeps in full. */
export const HISTORY_LENGTH = 200

/** One entry: item ordinal u32 · value f32 (NaN: none) · at u48 · kind u8 · unused u8. */
const WORDS = 4
export const HISTORY_ENTRY_BYTES = WORDS * 4
const HIGH = 2 ** 32

/**
 * A user's most recent interactions, oldest first, in the order they arrived. Items are ordinals of the partition's
 * vocabulary. Kept as the bytes that are stored, so that committing it costs a copy.
 */
export class History {
  #words: Uint32Array<ArrayBuffer>
  #values: Float32Array
  #length: number

  /** @param bytes as `encode` gave them; copied */
  constructor(bytes?: Uint8Array) {
    this.#length = bytes ? bytes.byteLength / HISTORY_ENTRY_BYTES : 0
    const buffer = new ArrayBuffer(Math.max(8, this.#length) * HISTORY_ENTRY_BYTES)
    if (bytes) new Uint8Array(buffer).set(bytes)
    this.#words = new Uint32Array(buffer)
    this.#values = new Float32Array(buffer)
  }

  get length(): number {
    return this.#length
  }

  item(index: number): number {
    return this.#words[index * WORDS]!
  }

  /** NaN where the interaction carried none. */
  value(index: number): number {
    return this.#values[index * WORDS + 1]!
  }

  /** Event time in ms. */
  at(index: number): number {
    return this.#words[index * WORDS + 2]! + (this.#words[index * WORDS + 3]! & 0xffff) * HIGH
  }

  /** Index into KINDS. */
  kind(index: number): number {
    return (this.#words[index * WORDS + 3]! >>> 16) & 0xff
  }

  /** Whether the very same fact is already there. */
  has(item: number, kind: number, at: number): boolean {
    for (let i = this.#length - 1; i >= 0; i--) {
      if (this.item(i) === item && this.kind(i) === kind && this.at(i) === at) return true
    }
    return false
  }

  /** Appends, and answers the item that fell out at the old end, or -1. */
  append(item: number, kind: number, value: number, at: number): number {
    let dropped = -1
    if (this.#length === HISTORY_LENGTH) {
      dropped = this.item(0)
      this.#words.copyWithin(0, WORDS)
      this.#length--
    }
    const word = this.#length * WORDS
    if (word === this.#words.length) this.#grow()
    this.#words[word] = item
    this.#values[word + 1] = value
    this.#words[word + 2] = at % HIGH
    this.#words[word + 3] = Math.floor(at / HIGH) | (kind << 16)
    this.#length++
    return dropped
  }

  /** Where the fact about `item` at that time stands, or -1. */
  find(item: number, at: number): number {
    for (let i = this.#length - 1; i >= 0; i--) if (this.item(i) === item && this.at(i) === at) return i
    return -1
  }

  remove(index: number): void {
    this.#words.copyWithin(index * WORDS, (index + 1) * WORDS, this.#length * WORDS)
    this.#length--
  }

  /** The stored form: a view, valid until the next `append`. */
  encode(): Uint8Array {
    return new Uint8Array(this.#words.buffer, 0, this.#length * HISTORY_ENTRY_BYTES)
  }

  #grow(): void {
    const words = new Uint32Array(Math.min(this.#words.length * 2, HISTORY_LENGTH * WORDS))
    words.set(this.#words)
    this.#words = words
    this.#values = new Float32Array(words.buffer)
  }
}
