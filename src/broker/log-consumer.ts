import { setImmediate, setTimeout } from 'node:timers/promises'
import { TributaryError } from '../errors.ts'
import type { Topic } from '../events/topics.ts'
import { backOffMs } from './back-off.ts'
import type { Bounds, Consumer, LogRecord, RecordBatch, Subscription } from './broker.ts'
import type { Group, GroupMember } from './consumer-group.ts'

/** The log as a consumer reads it. Both see everything committed so far. */
export interface LogReader {
  bounds(topic: Topic): readonly Bounds[]
  /** Only where `bounds` may be behind: brings those of the partition up to date. */
  refresh?(partition: number): Promise<void>
  /** None only at the end; otherwise at least one record, however large. */
  read(topic: Topic, partition: number, from: number, max: ReadLimits): { records: LogRecord[]; end: number }
}

export interface ReadLimits {
  readonly records: number
  /** Keys and values together; reading stops once it is reached. */
  readonly bytes: number
}

const DEFAULT_BATCH_RECORDS = 2_000

/** Keys and values of one batch together, unless a single record is larger. */
const MAX_BATCH_BYTES = 4 * 1024 * 1024

interface OwnedPartition {
  readonly partition: number
  /** Aborted when the partition is to be given back. */
  readonly leaving: AbortController
  /** The offset to read next of each topic; undefined until `assigned` has answered. */
  positions: Map<Topic, number> | undefined
  /** Whose turn it is among the topics. */
  turn: number
  /** Ends the wait for records; undefined while there is work. */
  wake: (() => void) | undefined
  running: Promise<void>
}

/**
 * A member of a consumer group in this thread. Each partition it owns is a loop of its own: the topics take turns, one
 * batch each, and so do the partitions, because every batch begins in a new turn of the event loop.
 */
export class LogConsumer implements Consumer, GroupMember {
  readonly done: Promise<void>
  readonly #subscription: Subscription
  readonly #log: LogReader
  readonly #group: Group
  readonly #owned = new Map<number, OwnedPartition>()
  readonly #stopped = Promise.withResolvers<void>()
  #stopping = false
  #failure: { readonly error: unknown } | undefined

  /** @param onStopped told before `done` settles, which is left to the subscriber alone: a failure that nobody takes is loud */
  constructor(subscription: Subscription, log: LogReader, group: Group, onStopped: () => void) {
    this.#subscription = subscription
    this.#log = log
    this.#group = group
    this.done = this.#stopped.promise.then(() => {
      onStopped()
      if (this.#failure) throw this.#failure.error
    })
    group.join(this)
  }

  lag(): number {
    if (this.#owned.size === 0) return 0
    let lag = 0
    for (const topic of this.#subscription.topics) {
      const bounds = this.#log.bounds(topic)
      for (const { partition, positions } of this.#owned.values()) {
        const { begin, end } = bounds[partition]!
        lag += end - (positions?.get(topic) ?? begin)
      }
    }
    return lag
  }

  stop(): Promise<void> {
    if (!this.#stopping) {
      this.#stopping = true
      void this.#group.leave(this).then(this.#stopped.resolve)
    }
    return this.#stopped.promise
  }

  /** There may be new records. */
  wake(): void {
    const idle = [...this.#owned.values()].filter(({ wake }) => wake)
    if (idle.length === 0) return
    for (const topic of this.#subscription.topics) {
      const bounds = this.#log.bounds(topic)
      for (const { partition, positions, wake } of idle) {
        if (positions!.get(topic)! < bounds[partition]!.end) wake?.()
      }
    }
  }

  assign(partition: number): void {
    const owned: OwnedPartition = {
      partition,
      leaving: new AbortController(),
      positions: undefined,
      turn: 0,
      wake: undefined,
      running: Promise.resolve(),
    }
    this.#owned.set(partition, owned)
    owned.running = this.#guard(owned, () => this.#run(owned))
  }

  async revoke(partition: number): Promise<void> {
    const owned = this.#owned.get(partition)!
    owned.leaving.abort()
    owned.wake?.()
    await owned.running
    if (owned.positions) {
      await this.#guard(owned, () =>
        this.#subscription.revoked(partition).catch((error) => {
          // What could not be committed just now, the next owner reads again.
          if (!isRetriable(error)) throw error
        }),
      )
    }
    this.#owned.delete(partition)
  }

  /** Ends the consumer. */
  fail(error: unknown): void {
    this.#failure ??= { error }
    void this.stop()
  }

  /** What is thrown ends the consumer, unless the group has an answer to a partition that another has taken. */
  async #guard(owned: OwnedPartition, action: () => Promise<void>): Promise<void> {
    try {
      await action()
    } catch (error) {
      const fenced = owned.positions && (error as { code?: unknown } | undefined)?.code === 'FENCED'
      if (fenced && this.#group.fenced) this.#group.fenced(owned.partition)
      else this.fail(error)
    }
  }

  async #run(owned: OwnedPartition): Promise<void> {
    const { partition, leaving } = owned
    await this.#retry(owned, async () => {
      await this.#log.refresh?.(partition)
      const given = await this.#subscription.assigned(partition)
      await this.#log.refresh?.(partition)
      owned.positions = this.#checked(partition, given)
    })
    while (!leaving.signal.aborted) {
      const batch = this.#next(owned)
      if (!batch) {
        await this.#somethingNew(owned)
        continue
      }
      await this.#retry(owned, async () => {
        await this.#subscription.handle(batch)
        owned.positions!.set(batch.topic, batch.next)
      })
      await setImmediate()
    }
  }

  #checked(partition: number, given: Partial<Record<Topic, number>>): Map<Topic, number> {
    return new Map(
      this.#subscription.topics.map((topic) => {
        const bounds = this.#log.bounds(topic)[partition]!
        const offset = given[topic] ?? bounds.begin
        if (offset >= bounds.begin && offset <= bounds.end) return [topic, offset]
        throw behindLog(this.#subscription.group, topic, partition, offset, bounds)
      }),
    )
  }

  #next(owned: OwnedPartition): RecordBatch | undefined {
    const { topics, maxBatchRecords = DEFAULT_BATCH_RECORDS } = this.#subscription
    const { partition } = owned
    for (let i = 0; i < topics.length; i++) {
      const turn = (owned.turn + i) % topics.length
      const topic = topics[turn]!
      const max = { records: maxBatchRecords, bytes: MAX_BATCH_BYTES }
      const { records, end } = this.#log.read(topic, partition, owned.positions!.get(topic)!, max)
      const last = records.at(-1)
      if (!last) continue
      owned.turn = turn + 1
      return { topic, partition, records, next: last.offset + 1, end }
    }
    return undefined
  }

  async #somethingNew(owned: OwnedPartition): Promise<void> {
    await new Promise<void>((resolve) => {
      owned.wake = resolve
    })
    owned.wake = undefined
  }

  /** Tries again after a back-off where the error says that it can help; gives up when the partition is to leave. */
  async #retry({ leaving }: OwnedPartition, action: () => Promise<void>): Promise<void> {
    for (let attempt = 0; !leaving.signal.aborted; attempt++) {
      try {
        return await action()
      } catch (error) {
        if (!isRetriable(error)) throw error
        await setTimeout(backOffMs(attempt), undefined, { signal: leaving.signal }).catch(() => {})
      }
    }
  }
}

/** A position that is not in the log: records are missing between it and the log, or it is of another log. */
export function behindLog(
  group: string | null,
  topic: Topic,
  partition: number,
  offset: number,
  { begin, end }: Bounds,
): TributaryError {
  return new TributaryError(
    'BEHIND_LOG',
    `${group ?? 'a subscriber'} is to read ${topic}/${partition} from offset ${offset}, but the log has ${begin} to ` +
      `${end}: the stored offset belongs to another log. Rebuild the state under a new group name.`,
    { group, topic, partition, offset, begin, end },
  )
}

function isRetriable(error: unknown): boolean {
  return (error as { retriable?: unknown } | undefined)?.retriable === true
}
