import type { Topic } from '../events/topics.ts'
import type { Bounds, LogRecord } from './broker.ts'
import type { KafkaCluster, TopicPartition } from './kafka-cluster.ts'

/** A partition of a topic, from an offset on. */
export interface FetchPosition extends TopicPartition {
  readonly offset: number
}

/** What came of one position. */
export interface Fetched<Position> {
  readonly position: Position
  readonly records: LogRecord[]
  /** The offset that the next message will get. */
  readonly end: number
}

/** Small, because kafkajs decodes all of an answer before it gives any of it; a larger batch comes whole. */
const PARTITION_BYTES = 256 * 1024
const FETCH_BYTES = 2 * 1024 * 1024
/** Of a read on demand, for a node that has to look for what it has. */
const READ_WAIT_MS = 100
/** A new leader of a partition is waited for so long. */
const RETRY_WITHIN_MS = 3_000

/** Reads the log by single requests. */
export class KafkaReader {
  readonly #cluster: KafkaCluster

  constructor(cluster: KafkaCluster) {
    this.#cluster = cluster
  }

  /** By topic, of the given partitions in their order. */
  async bounds(topics: readonly Topic[], partitions: readonly number[]): Promise<Map<Topic, Bounds[]>> {
    const offsets = (at: 'begin' | 'end') => this.#cluster.offsets(topics, partitions, at)
    const [begins, ends] = await this.#cluster.request(
      'read the bounds of the log',
      () => Promise.all([offsets('begin'), offsets('end')]),
      RETRY_WITHIN_MS,
    )
    const boundsOf = (topic: Topic) =>
      partitions.map((partition) => {
        const id = this.#cluster.idOf({ topic, partition })
        return { begin: begins.get(id)!, end: ends.get(id)! }
      })
    return new Map(topics.map((topic) => [topic, boundsOf(topic)]))
  }

  /** At most `limit` records, fewer at the end. */
  async read(topic: Topic, partition: number, from: number, limit: number): Promise<LogRecord[]> {
    const { begin, end } = (await this.bounds([topic], [partition])).get(topic)![0]!
    const records: LogRecord[] = []
    for (let offset = Math.max(begin, from); records.length < limit && offset < end; ) {
      const position = { topic, partition, offset }
      const readFromLeader = () => {
        const [node] = this.#cluster.byLeader([position]).keys()
        return this.#fetch(node!, [position], READ_WAIT_MS)
      }
      const [fetched] = await this.#cluster.request('read the log', readFromLeader, RETRY_WITHIN_MS)
      const last = fetched?.records.at(-1)
      // Nothing, before the end: what was there has been compacted away.
      if (!last) break
      for (const record of fetched!.records) if (records.length < limit) records.push(record)
      offset = last.offset + 1
    }
    return records
  }

  /** Asks one node, which answers as soon as it has something, or with nothing after `maxWaitMs`. */
  async fetch<Position extends FetchPosition>(
    nodeId: string,
    positions: readonly Position[],
    maxWaitMs: number,
  ): Promise<Fetched<Position>[]> {
    return this.#cluster.request('read the log', () => this.#fetch(nodeId, positions, maxWaitMs))
  }

  async #fetch<Position extends FetchPosition>(
    nodeId: string,
    positions: readonly Position[],
    maxWaitMs: number,
  ): Promise<Fetched<Position>[]> {
    const byId = new Map(positions.map((position) => [this.#cluster.idOf(position), position]))
    const node = await this.#cluster.node(nodeId)
    const { responses }: FetchResponse = await node.fetch({
      maxWaitTime: maxWaitMs,
      minBytes: 1,
      maxBytes: FETCH_BYTES,
      topics: [...Map.groupBy(positions, ({ topic }) => topic)].map(([topic, some]) => ({
        topic: this.#cluster.nameOf(topic),
        partitions: some.map(({ partition, offset }) => ({
          partition,
          fetchOffset: `${offset}`,
          maxBytes: PARTITION_BYTES,
        })),
      })),
    })
    return responses.flatMap(({ topicName, partitions }) =>
      partitions.map(({ partition, highWatermark, messages }) => {
        const position = byId.get(`${topicName}/${partition}`)!
        // A batch comes whole, also when it is asked for from its middle.
        const records = messages.map(toRecord).filter(({ offset }) => offset >= position.offset)
        return { position, records, end: Number(highWatermark) }
      }),
    )
  }
}

interface FetchResponse {
  readonly responses: {
    readonly topicName: string
    readonly partitions: {
      readonly partition: number
      readonly highWatermark: string
      readonly messages: FetchedMessage[]
    }[]
  }[]
}

interface FetchedMessage {
  readonly offset: string
  readonly key: Buffer | null
  readonly value: Buffer | null
}

const EMPTY = Buffer.alloc(0)

function toRecord({ offset, key, value }: FetchedMessage): LogRecord {
  return { offset: Number(offset), key: key?.toString('utf8') ?? '', value: value ?? EMPTY }
}
