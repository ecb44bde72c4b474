import { KEYS } from '../../state/keys.ts'
import type { StateStore } from '../../state/state-store.ts'
import { VOCABULARY_CHUNK, Vocabulary } from '../../state/values/vocabulary.ts'
import type { ItemIndex } from './item-index.ts'

/** Translates between one partition's item ordinals and this process's item indexes. */
export class PartitionVocabulary {
  readonly #store: StateStore
  readonly #group: string
  readonly #partition: number
  readonly #items: ItemIndex
  #indexes = new Int32Array(0)
  #size = 0
  readonly #ordinals = new Map<number, number>()

  constructor(store: StateStore, group: string, partition: number, items: ItemIndex) {
    this.#store = store
    this.#group = group
    this.#partition = partition
    this.#items = items
  }

  /** Ordinals known so far: 0 to size - 1. */
  get size(): number {
    return this.#size
  }

  /** Item index of an ordinal below `size`. */
  index(ordinal: number): number {
    return this.#indexes[ordinal]!
  }

  /** Item indexes by ordinal, -1 from `size` on. */
  get indexes(): Int32Array {
    return this.#indexes
  }

  /** Ordinal of an item index, or -1 where the partition has not met the item. */
  ordinal(index: number): number {
    return this.#ordinals.get(index) ?? -1
  }

  /** Reads what has been appended since the last refresh. */
  async refresh(): Promise<void> {
    for (;;) {
      const chunk = Math.floor(this.#size / VOCABULARY_CHUNK)
      const [bytes] = await this.#store.read(this.#group, this.#partition, [KEYS.items + chunk])
      if (!bytes) return
      const names = new Vocabulary()
      names.load(0, bytes)
      this.#append(chunk * VOCABULARY_CHUNK, names)
      if (names.size < VOCABULARY_CHUNK) return
    }
  }

  #append(start: number, names: Vocabulary): void {
    if (start + names.size > this.#indexes.length) {
      const grown = new Int32Array(Math.max(1024, 2 * (start + names.size))).fill(-1)
      grown.set(this.#indexes)
      this.#indexes = grown
    }
    for (let ordinal = this.#size; ordinal < start + names.size; ordinal++) {
      const index = this.#items.index(names.name(ordinal - start))
      this.#indexes[ordinal] = index
      this.#ordinals.set(index, ordinal)
    }
    this.#size = Math.max(this.#size, start + names.size)
  }
}
