import { mkdirSync, rmSync } from 'node:fs'
import { type Database, open, type RootDatabase } from 'lmdb'
import { TributaryError } from '../errors.ts'
import { LmdbValues } from './lmdb-values.ts'
import type { Offsets, PartitionOwner, StateStore } from './state-store.ts'
import { UnflushedMark } from './unflushed-mark.ts'

/** Address space, not memory: what the state may grow to. */
const MAX_BYTES = 256 * 2 ** 30

interface PartitionRecord {
  readonly epoch: number
  readonly offsets: Offsets
}

/**
 * The embedded state store: one LMDB environment, keys `<group>/<partition>/<key>`.
 *
 * A commit is one LMDB transaction that nobody waits for the disk for: while the machine runs, `kill -9` loses nothing,
 * and flushing the many megabytes of a busy commit would take longer than folding it. After a power failure the store
 * cannot be trusted; it is recognised by the mark it leaves (see `UnflushedMark`), dropped, and folded again from the
 * log, which is flushed.
 */
export function openLmdbStateStore(options: { path: string; partitions: number }): StateStore {
  return new LmdbStateStore(options.path, options.partitions)
}

class LmdbStateStore implements StateStore {
  readonly partitions: number
  readonly #mark: UnflushedMark
  readonly #root: RootDatabase
  readonly #values: Database<Buffer, string>
  readonly #reader: LmdbValues
  /** Owner epoch and offsets of each `<group>/<partition>`. */
  readonly #records: Database<PartitionRecord, string>

  constructor(path: string, partitions: number) {
    // One mapping of fixed size: growing by remapping keeps the old maps, and counts their pages again.
    this.#mark = new UnflushedMark(path)
    if (this.#mark.isStale()) rmSync(path, { recursive: true })
    mkdirSync(path, { recursive: true })
    this.#root = open({ path, maxDbs: 4, mapSize: MAX_BYTES, overlappingSync: false, noSync: true })
    this.#values = this.#root.openDB({ name: 'values', encoding: 'binary' })
    this.#reader = new LmdbValues(this.#values)
    this.#records = this.#root.openDB({ name: 'partitions', encoding: 'json' })
    const stored = this.#root.get('partitions') as number | undefined
    if (stored !== undefined && stored !== partitions) {
      void this.#root.close()
      throw new TributaryError(
        'BAD_USAGE',
        `the state in ${path} has ${stored} partitions, the configuration says ${partitions}: a user's partition would ` +
          'change. Set partitions back, or start with another --home.',
      )
    }
    if (stored === undefined) this.#root.putSync('partitions', partitions)
    this.partitions = partitions
  }

  async own(group: string, partition: number): Promise<PartitionOwner> {
    this.#mark.set()
    const id = `${group}/${partition}`
    const record = this.#root.transactionSync(() => {
      const { epoch, offsets } = this.#record(id)
      const next = { epoch: epoch + 1, offsets }
      this.#records.putSync(id, next)
      return next
    })
    const { epoch } = record
    let { offsets } = record
    return {
      get offsets() {
        return offsets
      },
      read: (keys) => this.read(group, partition, keys),
      scan: (prefix) => this.scan(group, partition, prefix),
      commit: async (mutations, moved) => {
        this.#root.transactionSync(() => {
          const current = this.#record(id)
          if (current.epoch !== epoch) {
            throw new TributaryError('FENCED', `partition ${partition} of ${group} has a newer owner`, {
              group,
              partition,
              epoch,
              current: current.epoch,
            })
          }
          for (const [key, value] of mutations) {
            if (value === null) this.#values.removeSync(`${id}/${key}`)
            else this.#values.putSync(`${id}/${key}`, value as Buffer)
          }
          offsets = { ...current.offsets, ...moved }
          this.#records.putSync(id, { epoch, offsets })
        })
      },
    }
  }

  read(group: string, partition: number, keys: readonly string[]): (Uint8Array | undefined)[] {
    const prefix = `${group}/${partition}/`
    return keys.map((key) => this.#reader.read(prefix + key))
  }

  async *scan(group: string, partition: number, prefix: string): AsyncGenerator<readonly [string, Uint8Array]> {
    const whole = `${group}/${partition}/`
    for (const { key, value } of this.#values.getRange({ start: whole + prefix, snapshot: true })) {
      if (!key.startsWith(whole + prefix)) break
      yield [key.slice(whole.length), value]
    }
  }

  async offsets(group: string, partition: number): Promise<Offsets> {
    return this.#record(`${group}/${partition}`).offsets
  }

  async drop(group: string): Promise<void> {
    this.#root.transactionSync(() => {
      for (const db of [this.#values, this.#records]) {
        for (const key of [...db.getKeys({ start: `${group}/` })]) {
          if (!key.startsWith(`${group}/`)) break
          db.removeSync(key)
        }
      }
    })
  }

  async close(): Promise<void> {
    await this.#root.close()
    this.#mark.clear()
  }

  #record(id: string): PartitionRecord {
    return this.#records.get(id) ?? { epoch: 0, offsets: {} }
  }
}
