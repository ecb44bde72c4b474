import { realpathSync } from 'node:fs'
import { TributaryError } from '../errors.ts'
import type { Topic } from '../events/topics.ts'
import { AppendQueue } from './append-queue.ts'
import type { Bounds, Broker, Consumer, LogRecord, Message, Position, Subscription } from './broker.ts'
import { ConsumerGroup } from './consumer-group.ts'
import { LmdbLog } from './lmdb-log.ts'
import { LogConsumer } from './log-consumer.ts'
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
 * among LMDB transactions. Each transaction is flushed to disk before it becomes visible and `produce` resolves; only
 * the page that points to it is not waited for (`noMetaSync`). `kill -9` loses nothing that was acknowledged; a power
 * failure may take back the very last transaction, as a whole, and never leaves a torn log.
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
    const consumer = new LogConsumer(subscription, this.#log, this.#group(subscription.group), () => {
      stopListening()
      this.#consumers.delete(consumer)
    })
    this.#consumers.add(consumer)
    const stopListening = this.#wakeUps.listen(() => consumer.wake())
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
