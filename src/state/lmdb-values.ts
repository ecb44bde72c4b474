import type { Database } from 'lmdb'

const SLAB_BYTES = 64 * 1024
/** What numbers of any kind may be read at. */
const ALIGNMENT = 8

/**
 * Copies of stored values, side by side in slabs: a buffer for each, outside of the heap, would cost more than the copy.
 * What was read stays as it is; keeping one value keeps its slab.
 */
export class LmdbValues {
  readonly #values: Database<Buffer, string>
  #slab = new ArrayBuffer(SLAB_BYTES)
  #used = 0

  constructor(values: Database<Buffer, string>) {
    this.#values = values
  }

  read(key: string): Uint8Array | undefined {
    // Overwritten by the next call.
    const found = this.#values.getBinaryFast(key)
    if (!found) return undefined
    const { length } = found
    if (this.#used + length > this.#slab.byteLength) {
      this.#slab = new ArrayBuffer(Math.max(SLAB_BYTES, length))
      this.#used = 0
    }
    const copy = new Uint8Array(this.#slab, this.#used, length)
    // Its own length is that of the value, its buffer's is not.
    copy.set(new Uint8Array(found.buffer, found.byteOffset, length))
    this.#used += Math.ceil(length / ALIGNMENT) * ALIGNMENT
    return copy
  }
}
