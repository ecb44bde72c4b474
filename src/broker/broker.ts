import type { Topic } from '../events/topics.ts'

/**
 * The log everything passes through: topics of ordered, append-only partitions.
 *
 * Ordering: messages of one partition keep the order in which they were produced; nothing is promised across
 * partitions. Every topic has the same number of partitions, and `partitionFor(key)` chooses among them, so that a
 * user's events on `ratings`, `feedback` and `users` meet in the partition of the same number.
 * Durability: `produce` resolves when the messages survive the death of this process (adapters say what they do
 * about a power failure). A produce that rejects may or may not have been written.
 * Not the broker's: positions. A consumer brings its own offsets (see `Subscription.assigned`), kept with its state.
 */
export interface Broker {
  /** Partitions of every topic. */
  readonly partitions: number

  /**
   * Appends in the order given. Resolves to the position of each message, in that order. The bytes must not change
   * meanwhile.
   */
  produce(topic: Topic, messages: readonly Message[]): Promise<readonly Position[]>

  /**
   * Joins a consumer group: each partition number (of all the topics together) is handled by one member at a time.
   * All members of a group subscribe to the same topics. With `group: null` the subscriber is alone and is assigned
   * every partition. Resolves once the group knows of the subscriber; its partitions come later.
   */
  subscribe(subscription: Subscription): Promise<Consumer>

  /** At most `limit` records from offset `from` on; fewer (also none) at the end. For inspection, not for consuming. */
  read(topic: Topic, partition: number, from: number, limit: number): Promise<readonly LogRecord[]>

  /** By partition: the first offset of the log (compaction does not move it) and the one the next message will get. */
  bounds(topic: Topic): Promise<readonly Bounds[]>

  close(): Promise<void>
}

export interface Message {
  readonly key: string
  readonly value: Uint8Array
  /** Only for tests of what does not decode: by default the partition is `partitionFor(key)`. */
  readonly partition?: number
}

export interface Position {
  readonly partition: number
  readonly offset: number
}

export interface Bounds {
  readonly begin: number
  readonly end: number
}

export interface LogRecord {
  readonly offset: number
  readonly key: string
  readonly value: Uint8Array
}

/** One or more consecutive records of a partition; offsets rise, with gaps where compaction removed records. */
export interface RecordBatch {
  readonly topic: Topic
  readonly partition: number
  readonly records: readonly LogRecord[]
  /** The offset after the batch: what to read next. */
  readonly next: number
  /** The end of the partition when the batch was read: `end - next` is the lag. */
  readonly end: number
}

export interface Subscription {
  readonly group: string | null
  readonly topics: readonly Topic[]
  /** At most this many records in a batch. Default 2,000. */
  readonly maxBatchRecords?: number
  /**
   * The partition is ours: answers the offset to read next, per topic (absent: from the beginning of what is kept).
   * An offset outside the log ends the consumer with BEHIND_LOG rather than skipping or repeating silently. A
   * rejection counts as one of `handle` does, and `revoked` is not called then.
   */
  assigned(partition: number): Promise<Partial<Record<Topic, number>>>
  /**
   * One call at a time per partition, in order within a topic; different partitions may interleave. The next batch of
   * the partition is not read before this resolves (back-pressure). A retriable rejection is retried with the same
   * batch after a back-off; any other one ends the consumer, which gives its partitions back (`Consumer.done` rejects).
   */
  handle(batch: RecordBatch): Promise<void>
  /** The partition is about to be someone else's. No `handle` of it runs meanwhile or after. */
  revoked(partition: number): Promise<void>
}

export interface Consumer {
  /**
   * Offsets produced and not yet handled by this member, over its partitions; all of a partition whose `assigned` has
   * not answered.
   */
  lag(): number
  /** Resolves after `stop`, rejects with what ended the consumer. */
  readonly done: Promise<void>
  /** Finishes the batches in hand (one that is being retried is left), gives the partitions back. Idempotent. */
  stop(): Promise<void>
}
