import type { Cluster } from 'kafkajs'
import type { Topic } from '../events/topics.ts'
import type { Bounds, LogRecord } from './broker.ts'
import { isRetriable, type KafkaClient } from './kafka-client.ts'

/** A partition of a topic, from an offset on. */
export interface FetchPosition {
  readonly topic: Topic
  readonly partition: number
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

const NO_NODE = 'none'

/** Single requests to the nodes that lead the partitions, with connections of its own. */
export class KafkaReader {
  readonly #client: KafkaClient
  /** For requests that are not about reading. */
  readonly cluster: Cluster
  readonly #topicPrefix: string

  private constructor(client: KafkaClient, cluster: Cluster, topicPrefix: string) {
    this.#client = client
    this.cluster = cluster
    this.#topicPrefix = topicPrefix
  }

  static async connect(client: KafkaClient, topics: readonly Topic[], topicPrefix: string): Promise<KafkaReader> {
    const cluster = await client.connectCluster(topics.map((topic) => topicPrefix + topic))
    return new KafkaReader(client, cluster, topicPrefix)
  }

  /** By topic, of the given partitions in their order. */
  async bounds(topics: readonly Topic[], partitions: readonly number[]): Promise<Map<Topic, Bounds[]>> {
    return this.#request('read the bounds of the log', async () => {
      const [begins, ends] = await Promise.all([
        this.#offsets(topics, partitions, true),
        this.#offsets(topics, partitions, false),
      ])
      return new Map(
        topics.map((topic) => [
          topic,
          partitions.map((partition) => {
            const id = `${this.#topicPrefix}${topic}/${partition}`
            return { begin: begins.get(id)!, end: ends.get(id)! }
          }),
        ]),
      )
    })
  }

  /** Divided among the nodes that have them. A node that is not known just now makes `fetch` find out. */
  byLeader<Position extends FetchPosition>(positions: readonly Position[]): Map<string, Position[]> {
    return Map.groupBy(positions, ({ topic, partition }) => {
      try {
        const [leader] = Object.keys(this.cluster.findLeaderForPartitions(this.#topicPrefix + topic, [partition]))
        return leader ?? NO_NODE
      } catch {
        return NO_NODE
      }
    })
  }

  /** Asks one node, which answers as soon as it has something, or with nothing after `maxWaitMs`. */
  async fetch<Position extends FetchPosition>(
    nodeId: string,
    positions: readonly Position[],
    maxWaitMs: number,
  ): Promise<Fetched<Position>[]> {
    const byName = new Map(
      positions.map((position) => [`${this.#topicPrefix}${position.topic}/${position.partition}`, position]),
    )
    return this.#request('read the log', async () => {
      const node = await this.cluster.findBroker({ nodeId })
      const { responses }: FetchResponse = await node.fetch({
        maxWaitTime: maxWaitMs,
        minBytes: 1,
        maxBytes: FETCH_BYTES,
        topics: [...Map.groupBy(positions, ({ topic }) => topic)].map(([topic, some]) => ({
          topic: this.#topicPrefix + topic,
          partitions: some.map(({ partition, offset }) => ({
            partition,
            fetchOffset: `${offset}`,
            maxBytes: PARTITION_BYTES,
          })),
        })),
      })
      return responses.flatMap(({ topicName, partitions }) =>
        partitions.map(({ partition, highWatermark, messages }) => {
          const position = byName.get(`${topicName}/${partition}`)!
          // A batch comes whole, also when it is asked for from its middle.
          const records = messages.map(toRecord).filter(({ offset }) => offset >= position.offset)
          return { position, records, end: Number(highWatermark) }
        }),
      )
    })
  }

  async disconnect(): Promise<void> {
    await this.cluster.disconnect().catch(() => {})
  }

  /** What fails, fails often because leaders have changed: the next request shall know. */
  async #request<T>(what: string, action: () => Promise<T>): Promise<T> {
    try {
      await this.cluster.refreshMetadataIfNecessary()
      return await action()
    } catch (error) {
      if (isRetriable(error)) await this.#reconnect(error)
      throw this.#client.asTributaryError(what, error)
    }
  }

  async #reconnect(error: unknown): Promise<void> {
    const { host, port } = error as { host?: string; port?: number }
    if (host && port) this.cluster.removeBroker({ host, port })
    await this.cluster.refreshMetadata().catch(() => {})
  }

  async #offsets(topics: readonly Topic[], partitions: readonly number[], fromBeginning: boolean) {
    const answers = await this.cluster.fetchTopicsOffset(
      topics.map((topic) => ({
        topic: this.#topicPrefix + topic,
        partitions: partitions.map((partition) => ({ partition })),
        fromBeginning,
      })),
    )
    return new Map(
      answers.flatMap(({ topic, partitions: offsets }) =>
        offsets.map(({ partition, offset }) => [`${topic}/${partition}`, Number(offset)]),
      ),
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
