import { setTimeout } from 'node:timers/promises'
import type { TributaryError } from '../errors.ts'
import type { Topic } from '../events/topics.ts'
import { backOffMs } from './back-off.ts'
import type { Bounds, LogRecord } from './broker.ts'
import type { KafkaCluster } from './kafka-cluster.ts'
import { KafkaCursor } from './kafka-cursor.ts'
import { type FetchPosition, KafkaReader } from './kafka-reader.ts'
import { behindLog, type LogReader, type ReadLimits } from './log-consumer.ts'

/** Who reads the log. */
export interface LogFollower {
  /** There may be something new to read. */
  wake(): void
  /** Nothing more will come. */
  fail(error: unknown): void
}

/** Read ahead of the consumer, per partition of a topic. */
const MAX_AHEAD_BYTES = 512 * 1024
/** How long a node holds a request for which it has nothing. */
const MAX_WAIT_MS = 200
/** The same while a partition is left out because it is far enough ahead: it may want to be in the next request. */
const MAX_WAIT_BRIEF_MS = 10
/** Between requests that bring nothing although there is something, such as batches that compaction has emptied. */
const NO_PROGRESS_MS = 5

const UNKNOWN: Bounds = { begin: 0, end: 0 }

/**
 * The log as one consumer reads it: each partition that it has read from once is fetched ahead from then on, by one
 * request at a time to each node, until it is forgotten. Bounds are those that the nodes answered last.
 */
export class KafkaLog implements LogReader {
  readonly #cluster: KafkaCluster
  readonly #reader: KafkaReader
  readonly #group: string | null
  readonly #topics: readonly Topic[]
  readonly #bounds: Map<Topic, Bounds[]>
  readonly #cursors = new Map<string, KafkaCursor>()
  /** Nodes that are being asked. */
  readonly #asked = new Set<string>()
  #failures = 0
  #follower: LogFollower | undefined
  #closed = false

  constructor(cluster: KafkaCluster, group: string | null, topics: readonly Topic[], partitions: number) {
    this.#cluster = cluster
    this.#reader = new KafkaReader(cluster)
    this.#group = group
    this.#topics = topics
    this.#bounds = new Map(topics.map((topic) => [topic, Array.from({ length: partitions }, () => UNKNOWN)]))
  }

  /** To be called before anything is read. */
  follow(follower: LogFollower): void {
    this.#follower = follower
  }

  bounds(topic: Topic): readonly Bounds[] {
    return this.#bounds.get(topic)!
  }

  async refresh(partition: number): Promise<void> {
    for (const [topic, [bounds]] of await this.#reader.bounds(this.#topics, [partition])) {
      this.#bounds.get(topic)![partition] = bounds!
    }
  }

  read(topic: Topic, partition: number, from: number, max: ReadLimits): { records: LogRecord[]; end: number } {
    const id = `${topic}/${partition}`
    const cursor = this.#cursors.get(id) ?? new KafkaCursor(topic, partition, from)
    this.#cursors.set(id, cursor)
    const records = cursor.take(from, max)
    this.#fetch()
    return { records, end: this.bounds(topic)[partition]!.end }
  }

  /** The partition will not be read from any more. */
  forget(partition: number): void {
    for (const [id, cursor] of this.#cursors) if (cursor.partition === partition) this.#cursors.delete(id)
  }

  close(): void {
    this.#closed = true
    this.#cursors.clear()
  }

  /** Asks every node that is not being asked for what is wanted of it. */
  #fetch(): void {
    if (this.#closed) return
    const wanted = [...this.#cursors.values()].filter(({ aheadBytes }) => aheadBytes < MAX_AHEAD_BYTES)
    const maxWaitMs = wanted.length < this.#cursors.size ? MAX_WAIT_BRIEF_MS : MAX_WAIT_MS
    for (const [node, cursors] of this.#cluster.byLeader(wanted)) {
      if (!this.#asked.has(node)) void this.#ask(node, cursors, maxWaitMs)
    }
  }

  async #ask(node: string, cursors: readonly KafkaCursor[], maxWaitMs: number): Promise<void> {
    this.#asked.add(node)
    try {
      if (!(await this.#takeIn(node, cursors, maxWaitMs))) await setTimeout(NO_PROGRESS_MS)
      this.#failures = 0
    } catch (error) {
      if (!this.#closed) await this.#recover(error as TributaryError, cursors)
    }
    this.#asked.delete(node)
    this.#fetch()
  }

  /** Answers false where there is something that did not come. */
  async #takeIn(node: string, cursors: readonly KafkaCursor[], maxWaitMs: number): Promise<boolean> {
    let more = false
    let came = false
    for (const { position: cursor, records, end } of await this.#reader.fetch(node, cursors, maxWaitMs)) {
      const { topic, partition } = cursor
      cursor.add(records)
      came ||= records.length > 0
      more ||= cursor.offset < end
      this.#bounds.get(topic)![partition] = { begin: this.bounds(topic)[partition]!.begin, end }
    }
    if (came) this.#follower?.wake()
    return came || !more
  }

  async #recover(error: TributaryError, cursors: readonly FetchPosition[]): Promise<void> {
    const outside = error.context.kafka === 'OFFSET_OUT_OF_RANGE'
    if (outside) await this.#checkBounds(cursors)
    if (!outside && !error.retriable) this.#end(error)
    await setTimeout(backOffMs(this.#failures++))
  }

  /** What was to be read may have been deleted meanwhile. */
  async #checkBounds(cursors: readonly FetchPosition[]): Promise<void> {
    try {
      for (const { topic, partition, offset } of cursors) {
        await this.refresh(partition)
        const bounds = this.bounds(topic)[partition]!
        if (offset < bounds.begin || offset > bounds.end)
          this.#end(behindLog(this.#group, topic, partition, offset, bounds))
      }
    } catch {
      // Then it is found at the next try.
    }
  }

  #end(error: unknown): void {
    this.#closed = true
    this.#follower?.fail(error)
  }
}
