/** Names of one stored chunk. */
export const VOCABULARY_CHUNK = 128

/**
 * Numbers names in the order of their first appearance in the partition's log, so that everything else is stored in
 * ordinals (u32). Append-only.
 */
export class Vocabulary {
  #names: string[] = []
  #ordinals = new Map<string, number>()
  #changed = new Set<number>()

  get size(): number {
    return this.#names.length
  }

  /** The ordinal, or -1. */
  find(name: string): number {
    return this.#ordinals.get(name) ?? -1
  }

  /** The ordinal, given out now if the name is new. */
  ordinal(name: string): number {
    const known = this.#ordinals.get(name)
    if (known !== undefined) return known
    const ordinal = this.#names.length
    this.#names.push(name)
    this.#ordinals.set(name, ordinal)
    this.#changed.add(Math.floor(ordinal / VOCABULARY_CHUNK))
    return ordinal
  }

  name(ordinal: number): string {
    return this.#names[ordinal]!
  }

  /** Takes in a stored chunk; chunks may come again, longer. */
  load(chunk: number, bytes: Uint8Array): void {
    const names: string[] = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'))
    names.forEach((name, index) => {
      const ordinal = chunk * VOCABULARY_CHUNK + index
      this.#names[ordinal] = name
      this.#ordinals.set(name, ordinal)
    })
  }

  /** Chunks that grew since the last call, in their stored form. */
  changes(): [chunk: number, bytes: Uint8Array][] {
    const changes = [...this.#changed].map((chunk): [number, Uint8Array] => {
      const start = chunk * VOCABULARY_CHUNK
      return [chunk, Buffer.from(JSON.stringify(this.#names.slice(start, start + VOCABULARY_CHUNK)))]
    })
    this.#changed.clear()
    return changes
  }
}
