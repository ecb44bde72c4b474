/** Items a user has met beyond the history: enough never to show one twice, bounded for users without end. */
export const ITEM_SET_LENGTH = 10_000

/** Distinct item ordinals, u32 each, in the order they came; the oldest leaves when the set is full. */
export class ItemSet {
  #items: Uint32Array<ArrayBuffer>
  #length: number

  /** @param bytes as `encode` gave them; copied */
  constructor(bytes?: Uint8Array) {
    this.#length = bytes ? bytes.byteLength / 4 : 0
    const buffer = new ArrayBuffer(Math.max(8, this.#length) * 4)
    if (bytes) new Uint8Array(buffer).set(bytes)
    this.#items = new Uint32Array(buffer)
  }

  get length(): number {
    return this.#length
  }

  item(index: number): number {
    return this.#items[index]!
  }

  has(item: number): boolean {
    const at = this.#items.indexOf(item)
    return at >= 0 && at < this.#length
  }

  add(item: number): void {
    if (this.has(item)) return
    if (this.#length === ITEM_SET_LENGTH) {
      this.#items.copyWithin(0, 1)
      this.#length--
    }
    if (this.#length === this.#items.length) {
      const items = new Uint32Array(Math.min(this.#length * 2, ITEM_SET_LENGTH))
      items.set(this.#items)
      this.#items = items
    }
    this.#items[this.#length++] = item
  }

  /** The stored form: a view, valid until the next `add`. */
  encode(): Uint8Array {
    return new Uint8Array(this.#items.buffer, 0, this.#length * 4)
  }
}
