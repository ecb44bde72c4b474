import type { PartitionOwner } from '../state/state-store.ts'

/** A stored value that is mutated in memory. `encode` may be a view of memory the value goes on using. */
export interface HotValue {
  encode(): Uint8Array
}

/**
 * One table of a partition's state, as far as it is in memory. The partition has one owner, so what is here is the
 * truth; what was changed is written with the next commit.
 */
export class HotTable<V extends HotValue, Id extends string | number> {
  readonly #prefix: string
  readonly #decode: (bytes: Uint8Array | undefined) => V
  readonly #maxHot: number
  readonly #hot = new Map<Id, Slot<V>>()
  #changed: Id[] = []

  /** @param maxHot values kept in memory between batches; the ones in use come on top */
  constructor(prefix: string, decode: (bytes: Uint8Array | undefined) => V, maxHot: number) {
    this.#prefix = prefix
    this.#decode = decode
    this.#maxHot = maxHot
  }

  /** Brings values into memory: an absent one as `decode(undefined)`. */
  async load(owner: PartitionOwner, ids: Iterable<Id>): Promise<void> {
    const missing = [...new Set(ids)].filter((id) => !this.#hot.has(id))
    if (missing.length === 0) return
    const values = await owner.read(missing.map((id) => this.#prefix + id))
    missing.forEach((id, index) => {
      this.#hot.set(id, { value: this.#decode(values[index]), changed: false, isRemoved: false })
    })
  }

  /** A loaded value, to read. */
  peek(id: Id): V {
    return this.#hot.get(id)!.value
  }

  /** A loaded value, to change. */
  change(id: Id): V {
    const slot = this.#hot.get(id)!
    slot.isRemoved = false
    if (!slot.changed) {
      slot.changed = true
      this.#changed.push(id)
    }
    return slot.value
  }

  /** Deletes a value, loaded or not: from now on it is as one that never was. */
  remove(id: Id): void {
    const changed = this.#hot.get(id)?.changed ?? false
    if (!changed) this.#changed.push(id)
    this.#hot.set(id, { value: this.#decode(undefined), changed: true, isRemoved: true })
  }

  /** Puts what changed into `mutations`. */
  collect(mutations: Map<string, Uint8Array | null>): void {
    for (const id of this.#changed) {
      const { value, isRemoved } = this.#hot.get(id)!
      mutations.set(this.#prefix + id, isRemoved ? null : value.encode())
    }
  }

  /** After a commit: nothing is changed, and what is too much leaves memory, the longest loaded first. */
  settle(): void {
    for (const id of this.#changed) this.#hot.get(id)!.changed = false
    this.#changed = []
    for (const id of this.#hot.keys()) {
      if (this.#hot.size <= this.#maxHot) break
      this.#hot.delete(id)
    }
  }
}

interface Slot<V> {
  readonly value: V
  changed: boolean
  /** Deleted, and not written to since. */
  isRemoved: boolean
}
