import { hash } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { type Database, open, type RootDatabase } from 'lmdb'
import { TributaryError } from '../errors.ts'
import { TOPIC_NAMES, TOPICS, type Topic } from '../events/topics.ts'
import type { Appends } from './append-queue.ts'
import type { Bounds, LogRecord } from './broker.ts'
import type { LogReader, ReadLimits } from './log-consumer.ts'
import { decodeBatch, encodeBatches } from './record-batch.ts'

type BatchKey = [topic: Topic, partition: number, offset: number]

/** The log as LMDB keeps it. What it reads is copied: values stay valid. */
export class LmdbLog implements LogReader {
  readonly #path: string
  readonly #root: RootDatabase
  /** Stored batches, by the offset of their first record. A compacted topic has one record in each. */
  readonly #batches: Database<Buffer, BatchKey>
  /** The offset that the next message of each partition will get. The version is their sum. */
  readonly #ends: Database<number[], Topic>
  /** Of compacted topics: where the last message of a key is. The key's digest, because LMDB's keys are short. */
  readonly #latest: Database<number, [topic: Topic, partition: number, digest: string]>

  constructor(path: string, partitions: number) {
    this.#path = path
    this.#root = openFolder(path)
    this.#batches = this.#root.openDB('batches', { encoding: 'binary' })
    this.#ends = this.#root.openDB('ends', { encoding: 'json', useVersions: true })
    this.#latest = this.#root.openDB('latest', { encoding: 'json' })
    const stored = this.#root.transactionSync(() => {
      const { length = partitions } = this.#ends.get(TOPIC_NAMES[0]!) ?? {}
      for (const topic of length === partitions ? TOPIC_NAMES : []) {
        if (!this.#ends.doesExist(topic)) this.#ends.put(topic, new Array(partitions).fill(0), 0)
      }
      return length
    })
    if (stored === partitions) return
    void this.#root.close()
    throw new TributaryError(
      'BAD_USAGE',
      `the log in ${path} has ${stored} partitions, the configuration says ${partitions}: a user's events would change ` +
        'partition. Set partitions back, or start with another --home.',
    )
  }

  /**
   * Resolves to the first offset of each, in the order given, once all can read them. What goes to one topic is one
   * transaction.
   */
  async append(appends: readonly Appends[]): Promise<number[]> {
    const bases = new Map<Appends, number>()
    await Promise.all(
      [...Map.groupBy(appends, ({ topic }) => topic)].map(async ([topic, some]) => {
        const found = await this.#appendTo(topic, some)
        for (const [i, append] of some.entries()) bases.set(append, found[i]!)
      }),
    )
    return appends.map((append) => bases.get(append)!)
  }

  /**
   * Optimistic: offsets are taken from a snapshot, and written on the condition that the topic has not grown since. A
   * transaction with a callback would hold up all writers until this thread's event loop comes round to it, and
   * `process.exit` would wait for that for ever.
   */
  async #appendTo(topic: Topic, appends: readonly Appends[]): Promise<number[]> {
    const writes = appends.map((append) => (TOPICS[topic].compacted ? this.#upserts(append) : this.#batchesOf(append)))
    for (;;) {
      this.#root.resetReadTxn()
      const ends = this.#endsOf(topic)
      const bases = appends.map(({ partition }) => ends[partition]!)
      const next = [...ends]
      for (const { partition, messages } of appends) next[partition]! += messages.length
      const unchanged = this.#ends.ifVersion(topic, sum(ends), () => {
        for (const [i, write] of writes.entries()) write(bases[i]!)
        this.#ends.put(topic, next, sum(next))
      })
      if (await unchanged.catch((error) => this.#notWritten(error))) return bases
    }
  }

  /** Encodes; what is returned writes from a base offset on. */
  #batchesOf({ topic, partition, messages }: Appends): (base: number) => void {
    const batches = encodeBatches(messages)
    return (base) => {
      let offset = base
      for (const { count, bytes } of batches) {
        this.#batches.put([topic, partition, offset], bytes)
        offset += count
      }
    }
  }

  /** The same for a compacted topic: the last message of a key takes the place of the former one. */
  #upserts({ topic, partition, messages }: Appends): (base: number) => void {
    const lastOfKey = new Map(messages.map(({ key }, i) => [key, i]))
    const upserts = [...lastOfKey].map(([key, i]) => ({
      i,
      digest: hash('sha256', key, 'base64url'),
      bytes: encodeBatches([messages[i]!])[0]!.bytes,
    }))
    return (base) => {
      for (const { i, digest, bytes } of upserts) {
        const former = this.#latest.get([topic, partition, digest])
        if (former !== undefined) this.#batches.remove([topic, partition, former])
        this.#batches.put([topic, partition, base + i], bytes)
        this.#latest.put([topic, partition, digest], base + i)
      }
    }
  }

  async #notWritten(error: Error & { commitError?: Promise<never> }): Promise<never> {
    // What lies behind a failed commit, lmdb tells apart and later.
    const cause: Error = (await error.commitError?.catch((reason) => reason)) ?? error
    throw new TributaryError(
      'UNAVAILABLE',
      `nothing was written to the log in ${this.#path}: ${cause.message}. Is the disk full?`,
      { path: this.#path },
      cause,
    )
  }

  bounds(topic: Topic): Bounds[] {
    this.#root.resetReadTxn()
    return this.#endsOf(topic).map((end) => ({ begin: 0, end }))
  }

  read(topic: Topic, partition: number, from: number, max: ReadLimits): { records: LogRecord[]; end: number } {
    // Else the snapshot may be one from before the commit that woke us, if another thread's.
    this.#root.resetReadTxn()
    const end = this.#endsOf(topic)[partition]!
    const records: LogRecord[] = []
    let bytes = 0
    for (const { key, value } of this.#from(topic, partition, from, end)) {
      if (records.length >= max.records || bytes >= max.bytes) break
      for (const record of this.#decode(key, value, from, max.records - records.length)) {
        records.push(record)
        bytes += record.key.length + record.value.length
      }
    }
    return { records, end }
  }

  /** The stored batches from the one that holds `from`, or could. */
  #from(topic: Topic, partition: number, from: number, end: number) {
    if (from >= end) return []
    const first: BatchKey = [topic, partition, from]
    const [holder = first] = this.#batches.getKeys({ start: first, end: [topic, partition], reverse: true, limit: 1 })
    return this.#batches.getRange({ start: holder, end: [topic, partition + 1] })
  }

  #decode([topic, partition, base]: BatchKey, bytes: Buffer, from: number, limit: number): LogRecord[] {
    try {
      return decodeBatch(bytes, base, from, limit)
    } catch (cause) {
      throw new TributaryError(
        'CORRUPT',
        `the records of ${topic}/${partition} from offset ${base} on cannot be read in ${this.#path}: ` +
          `${(cause as Error).message}. Check the disk, and replay into another --home.`,
        { topic, partition, offset: base },
        cause,
      )
    }
  }

  #endsOf(topic: Topic): number[] {
    return this.#ends.get(topic)!
  }

  async close(): Promise<void> {
    await this.#root.close()
  }
}

/** Address space, not memory: what the log may grow to. */
const MAX_BYTES = 1024 * 2 ** 30

function openFolder(path: string): RootDatabase {
  try {
    mkdirSync(path, { recursive: true })
    return open({
      path,
      noSubdir: false,
      maxDbs: 4,
      // One mapping of fixed size: growing by remapping keeps the old maps, and counts their pages again.
      mapSize: MAX_BYTES,
      // With `overlappingSync` the death of one process in the middle of a flush makes the log unusable for the others.
      overlappingSync: false,
      noMetaSync: true,
      // With batching by event turn a failed commit rejects a promise that nobody can reach.
      eventTurnBatching: false,
    })
  } catch (cause) {
    throw new TributaryError(
      'BAD_USAGE',
      `the log in ${path} cannot be opened: ${(cause as Error).message}. Is it a folder of this program, and writable?`,
      { path },
      cause,
    )
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
