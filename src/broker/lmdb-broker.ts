import { hash } from 'node:crypto'
import { mkdirSync, realpathSync } from 'node:fs'
import { type Database, open, type RootDatabase } from 'lmdb'
import { TributaryError } from '../errors.ts'
import { TOPICS, type Topic } from '../events/topics.ts'
import { AppendQueue, type Appends } from './append-queue.ts'
import type { Bounds, Broker, Consumer, LogRecord, Message, Position, Subscription } from './broker.ts'
import { ConsumerGroup } from './consumer-group.ts'
import { LogConsumer, type LogReader, type ReadLimits } from './log-consumer.ts'
import { decodeBatch, encodeBatches } from './record-batch.ts'
import { WakeUps } from './wake-ups.ts'

export interface LmdbBrokerOptions {
  /** A folder; created where there is none. Threads and processes may have it open at the same time. */
  readonly path: string
  readonly partitions: number
  /** How often the log is looked at for what other processes have produced. */
  readonly pollIntervalMs?: number
}

const DEFAULT_POLL_INTERVAL_MS = 25

/**
 * The embedded broker: one LMDB environment, shared by the threads and processes that open the same folder.
 *
 * Durability: a `produce` is written all or not at all, over however many partitions, because it is never divided
 * among LMDB transactions. It resolves when the transaction is visible to all, which is also when it survives
 * `kill -9`; the disk is flushed right after, in the background (`overlappingSync`). A power failure may take back the
 * last instants, whole transactions of them, and never leaves a torn log.
 * Groups: the members of a consumer group must have subscribed through the same Broker object. Threads and processes
 * do not see each other's groups; that is what the state store's fencing is for.
 */
export function openLmdbBroker(options: LmdbBrokerOptions): Broker {
  return new LmdbBroker(options)
}

class LmdbBroker implements Broker {
  readonly partitions: number
  readonly #log: LmdbLog
  readonly #wakeUps: WakeUps
  readonly #appends: AppendQueue
  readonly #groups = new Map<string, ConsumerGroup>()
  readonly #consumers = new Set<Consumer>()
  #closing: Promise<void> | undefined
  #closed = false

  constructor({ path, partitions, pollIntervalMs = DEFAULT_POLL_INTERVAL_MS }: LmdbBrokerOptions) {
    this.partitions = partitions
    this.#log = new LmdbLog(path, partitions)
    this.#wakeUps = new WakeUps(`log:${realpathSync(path)}`, pollIntervalMs)
    this.#appends = new AppendQueue(partitions, async (appends) => {
      const bases = await this.#log.append(appends)
      this.#wakeUps.announce()
      return bases
    })
  }

  async produce(topic: Topic, messages: readonly Message[]): Promise<readonly Position[]> {
    this.#mustBeOpen(this.#closed)
    for (const { partition = 0 } of messages) {
      if (Number.isInteger(partition) && partition >= 0 && partition < this.partitions) continue
      throw new TributaryError('BAD_INPUT', `${topic} has ${this.partitions} partitions, none is numbered ${partition}`)
    }
    return messages.length === 0 ? [] : this.#appends.add(topic, messages)
  }

  async subscribe(subscription: Subscription): Promise<Consumer> {
    this.#mustBeOpen(this.#closing !== undefined)
    const consumer = new LogConsumer(subscription, this.#log, this.#group(subscription.group))
    this.#consumers.add(consumer)
    const stopListening = this.#wakeUps.listen(() => consumer.wake())
    const forget = () => {
      stopListening()
      this.#consumers.delete(consumer)
    }
    consumer.done.then(forget, forget)
    return consumer
  }

  async read(topic: Topic, partition: number, from: number, limit: number): Promise<readonly LogRecord[]> {
    this.#mustBeOpen(this.#closed)
    return this.#log.read(topic, partition, from, { records: limit, bytes: Number.POSITIVE_INFINITY }).records
  }

  async bounds(topic: Topic): Promise<readonly Bounds[]> {
    this.#mustBeOpen(this.#closed)
    return this.#log.bounds(topic)
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    // First the consumers: the batches in hand may still want to produce.
    await Promise.all([...this.#consumers].map((consumer) => consumer.stop()))
    this.#closed = true
    await this.#appends.drained()
    this.#wakeUps.close()
    await this.#log.close()
  }

  #group(name: string | null): ConsumerGroup {
    const group = (name !== null && this.#groups.get(name)) || new ConsumerGroup(this.partitions)
    if (name !== null) this.#groups.set(name, group)
    return group
  }

  #mustBeOpen(closed: boolean): void {
    if (closed) throw new TributaryError('INTERNAL', 'the broker has been closed')
  }
}

type BatchKey = [topic: Topic, partition: number, offset: number]

/** The log as LMDB keeps it. What it reads is copied: values stay valid. */
class LmdbLog implements LogReader {
  readonly #root: RootDatabase
  readonly #path: string
  readonly #partitions: number
  /** Stored batches, by the offset of their first record. A compacted topic has one record in each. */
  readonly #batches: Database<Buffer, BatchKey>
  /** The offset that the next message of each partition will get. */
  readonly #ends: Database<number[], Topic>
  /** Of compacted topics: where the last message of a key is. The key's digest, because LMDB's keys are short. */
  readonly #latest: Database<number, [topic: Topic, partition: number, digest: string]>
  /** Whether the last commit did. */
  #failed = false

  constructor(path: string, partitions: number) {
    mkdirSync(path, { recursive: true })
    // With batching by event turn a failed commit rejects a promise that nobody can reach.
    this.#root = open({ path, noSubdir: false, maxDbs: 4, eventTurnBatching: false })
    this.#path = path
    this.#partitions = partitions
    this.#batches = this.#root.openDB('batches', { encoding: 'binary' })
    this.#ends = this.#root.openDB('ends', { encoding: 'json' })
    this.#latest = this.#root.openDB('latest', { encoding: 'json' })
    const stored = this.#root.transactionSync(() => {
      if (this.#root.get('partitions') === undefined) this.#root.put('partitions', partitions)
      return this.#root.get('partitions')
    })
    if (stored === partitions) return
    void this.#root.close()
    throw new TributaryError(
      'BAD_USAGE',
      `the log in ${path} has ${stored} partitions, the configuration says ${partitions}: a user's events would change ` +
        'partition. Set partitions back, or start with another --home.',
    )
  }

  /** One transaction. Resolves to the first offset of each, in the order given, once all can read it. */
  async append(appends: readonly Appends[]): Promise<number[]> {
    const writes = appends.map((append) =>
      TOPICS[append.topic].compacted ? this.#upserts(append) : this.#batch(append),
    )
    try {
      // A child transaction, because only it is undone when something throws in it.
      const bases = await this.#root.childTransaction(() => writes.map((write) => write()))
      this.#failed = false
      return bases
    } catch (error) {
      this.#failed = true
      const cause = await reasonOf(error)
      throw new TributaryError(
        'UNAVAILABLE',
        `nothing was written to the log in ${this.#path}: ${cause.message}. Is the disk full?`,
        { path: this.#path },
        cause,
      )
    }
  }

  /** Encodes now, outside the transaction; what is returned writes. */
  #batch({ topic, partition, messages }: Appends): () => number {
    const batches = encodeBatches(messages)
    return () => {
      const base = this.#reserve(topic, partition, messages.length)
      let offset = base
      for (const { count, bytes } of batches) {
        this.#batches.put([topic, partition, offset], bytes)
        offset += count
      }
      return base
    }
  }

  /** The same for a compacted topic: each message takes the place of the former one of its key. */
  #upserts({ topic, partition, messages }: Appends): () => number {
    const records = messages.map((message) => ({
      digest: hash('sha256', message.key, 'base64url'),
      bytes: encodeBatches([message])[0]!.bytes,
    }))
    return () => {
      const base = this.#reserve(topic, partition, messages.length)
      for (const [i, { digest, bytes }] of records.entries()) {
        const former = this.#latest.get([topic, partition, digest])
        if (former !== undefined) this.#batches.remove([topic, partition, former])
        this.#batches.put([topic, partition, base + i], bytes)
        this.#latest.put([topic, partition, digest], base + i)
      }
      return base
    }
  }

  #reserve(topic: Topic, partition: number, count: number): number {
    const ends = this.#endsOf(topic)
    const base = ends[partition]!
    ends[partition] = base + count
    this.#ends.put(topic, ends)
    return base
  }

  bounds(topic: Topic): Bounds[] {
    this.#root.resetReadTxn()
    return this.#endsOf(topic).map((end) => ({ begin: 0, end }))
  }

  read(topic: Topic, partition: number, from: number, max: ReadLimits): { records: LogRecord[]; end: number } {
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

  /** The stored batches from the one that holds `from`, or could. */
  #from(topic: Topic, partition: number, from: number, end: number) {
    if (from >= end) return []
    const first: BatchKey = [topic, partition, from]
    const [holder = first] = this.#batches.getKeys({ start: first, end: [topic, partition], reverse: true, limit: 1 })
    return this.#batches.getRange({ start: holder, end: [topic, partition + 1] })
  }

  #endsOf(topic: Topic): number[] {
    return this.#ends.get(topic) ?? Array.from({ length: this.#partitions }, () => 0)
  }

  async close(): Promise<void> {
    const closed = this.#root.close()
    // After a failed commit it would wait for ever for a flush that nobody does.
    if (!this.#failed) await closed
  }
}

/** What lies behind a commit that failed; lmdb tells it apart, and later. */
async function reasonOf(error: unknown): Promise<Error> {
  const { commitError } = error as { commitError?: Promise<never> }
  return (await commitError?.catch((reason) => reason)) ?? error
}
