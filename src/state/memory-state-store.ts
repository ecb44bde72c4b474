import { TributaryError } from '../errors.ts'
import type { Offsets, PartitionOwner, StateStore } from './state-store.ts'

interface Partition {
  epoch: number
  offsets: Offsets
  readonly values: Map<string, Uint8Array>
}

/**
 * A state store that ends with the process: for evaluation, which folds a whole stream once and throws it away.
 * @param options.shared keeps the committed bytes themselves instead of a copy: cheap, for a caller that changes what
 * it committed only to commit it again before it reads
 * @param options.onCommit told what has been written or deleted, once it is there
 */
export function openMemoryStateStore(options: {
  partitions: number
  shared?: boolean
  onCommit?: (partition: number, keys: Iterable<string>) => void
}): StateStore {
  const { shared = false, onCommit } = options
  const partitionsById = new Map<string, Partition>()
  const at = (group: string, partition: number): Partition => {
    const id = `${group}/${partition}`
    let found = partitionsById.get(id)
    if (!found) {
      found = { epoch: 0, offsets: {}, values: new Map() }
      partitionsById.set(id, found)
    }
    return found
  }
  const read = (values: Map<string, Uint8Array>, keys: readonly string[]) => keys.map((key) => values.get(key))
  async function* scan(values: Map<string, Uint8Array>, prefix: string) {
    const keys = [...values.keys()].filter((key) => key.startsWith(prefix))
    for (const key of keys.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))) {
      yield [key, values.get(key)!] as const
    }
  }
  return {
    partitions: options.partitions,
    own: async (group, partition): Promise<PartitionOwner> => {
      const mine = at(group, partition)
      const epoch = ++mine.epoch
      return {
        get offsets() {
          return mine.offsets
        },
        read: (keys) => read(mine.values, keys),
        scan: (prefix) => scan(mine.values, prefix),
        commit: async (mutations, offsets) => {
          if (mine.epoch !== epoch) {
            throw new TributaryError('FENCED', `partition ${partition} of ${group} has a newer owner`, { epoch })
          }
          for (const [key, value] of mutations) {
            if (value === null) mine.values.delete(key)
            else if (shared) mine.values.set(key, value)
            else overwrite(mine.values, key, value)
          }
          mine.offsets = { ...mine.offsets, ...offsets }
          onCommit?.(partition, mutations.keys())
        },
      }
    },
    read: (group, partition, keys) => read(at(group, partition).values, keys),
    scan: (group, partition, prefix) => scan(at(group, partition).values, prefix),
    offsets: async (group, partition) => at(group, partition).offsets,
    drop: async (group) => {
      for (const id of [...partitionsById.keys()]) if (id.startsWith(`${group}/`)) partitionsById.delete(id)
    },
    close: async () => {},
  }
}

/** A value of the same size is written over in place: most of what a fold changes keeps its size. */
function overwrite(values: Map<string, Uint8Array>, key: string, value: Uint8Array): void {
  const old = values.get(key)
  if (old?.byteLength === value.byteLength) old.set(value)
  else values.set(key, new Uint8Array(value)) // not slice(): a Buffer's is a view
}
