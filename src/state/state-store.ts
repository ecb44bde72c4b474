/**
 * Online state: for each group of projections and each partition a map of keys to values, committed together with
 * the offsets it was folded from.
 *
 * Atomicity: one `commit` writes all of its mutations and its offsets or nothing, also across `kill -9`.
 * Ownership: `own` fences every earlier owner of that group's partition, in this process or another: their next
 * commit rejects with FENCED and writes nothing. Reads need no ownership, see only whole commits of a partition, and
 * may be a commit behind.
 * Not the store's: what the bytes mean (`src/state/values`), and any order across partitions.
 */
export interface StateStore {
  readonly partitions: number
  own(group: string, partition: number): Promise<PartitionOwner>
  /** Values in the order of `keys`; undefined where there is none. The bytes are valid until the caller next awaits. */
  read(group: string, partition: number, keys: readonly string[]): Awaitable<(Uint8Array | undefined)[]>
  /** All keys that start with `prefix`, in the order of their UTF-8 bytes. For rebuilding and digests, not for requests. */
  scan(group: string, partition: number, prefix: string): AsyncIterable<readonly [key: string, value: Uint8Array]>
  /** The committed offsets (next to read, per topic) of a group's partition; empty before the first commit. */
  offsets(group: string, partition: number): Promise<Offsets>
  /** Removes everything a group has written. */
  drop(group: string): Promise<void>
  close(): Promise<void>
}

export type Awaitable<T> = T | Promise<T>

/** Offset to read next, per topic. */
export type Offsets = Readonly<Record<string, number>>

export interface PartitionOwner {
  /** As committed last, by whomever. */
  readonly offsets: Offsets
  read(keys: readonly string[]): Awaitable<(Uint8Array | undefined)[]>
  scan(prefix: string): AsyncIterable<readonly [key: string, value: Uint8Array]>
  /**
   * @param mutations values to put; `null` deletes
   * @param offsets merged into the committed ones
   * @throws TributaryError FENCED when another owner has taken over
   */
  commit(mutations: ReadonlyMap<string, Uint8Array | null>, offsets: Offsets): Promise<void>
}
