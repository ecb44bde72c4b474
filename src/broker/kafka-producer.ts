import kafkajs from 'kafkajs'
import type { Appends } from './append-queue.ts'
import type { KafkaCluster } from './kafka-cluster.ts'

/** A restarting broker, or a new leader of a partition, is waited for so long. */
const DELIVERY_TIMEOUT_MS = 30_000
const ALL_IN_SYNC = -1
/** Below, compression costs more time than it saves. */
const COMPRESS_FROM_BYTES = 1024

/** What makes the producer idempotent: Kafka writes the batch of a number once, however often it gets it. */
interface Identity {
  readonly producerId: number
  readonly producerEpoch: number
  /** Number of the next message, by partition. */
  readonly sequences: Map<string, number>
}

interface NumberedAppends extends Appends {
  readonly firstSequence: number
}

/**
 * An idempotent producer, for one append at a time. It numbers and sends for itself, because kafkajs's own producer
 * copies a partition's messages once for each of them, forgets partitions whose leader changes meanwhile, and goes on
 * with the same numbers after it has given up on messages that may or may not have been written. This one then takes
 * a new identity.
 */
export class KafkaProducer {
  readonly #cluster: KafkaCluster
  #identity: Identity | undefined

  constructor(cluster: KafkaCluster) {
    this.#cluster = cluster
  }

  /** Resolves to the first offset of each, in the order given, when all replicas in sync have them. */
  async append(appends: readonly Appends[]): Promise<number[]> {
    const bases = new Map<string, number>()
    const request = <T>(action: () => Promise<T>) =>
      this.#cluster.request('write to the log', action, DELIVERY_TIMEOUT_MS)
    try {
      const identity = await request(() => this.#identify())
      const numbered = appends.map((append) => this.#number(identity, append))
      await request(async () => {
        const rest = numbered.filter((append) => !bases.has(this.#cluster.idOf(append)))
        const outcomes = await Promise.allSettled(
          [...this.#cluster.byLeader(rest)].map(([node, some]) => this.#send(identity, node, some, bases)),
        )
        for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
      })
      return appends.map((append) => bases.get(this.#cluster.idOf(append))!)
    } catch (error) {
      this.#identity = undefined
      throw error
    }
  }

  async #identify(): Promise<Identity> {
    if (this.#identity) return this.#identity
    const node = await this.#cluster.anyNode()
    const { producerId, producerEpoch } = await node.initProducerId({ transactionTimeout: DELIVERY_TIMEOUT_MS })
    this.#identity = { producerId, producerEpoch, sequences: new Map() }
    return this.#identity
  }

  #number({ sequences }: Identity, append: Appends): NumberedAppends {
    const id = this.#cluster.idOf(append)
    const firstSequence = sequences.get(id) ?? 0
    // 31 bits, after which Kafka expects 0 again.
    sequences.set(id, (firstSequence + append.messages.length) & 0x7fffffff)
    return { ...append, firstSequence }
  }

  async #send(
    { producerId, producerEpoch }: Identity,
    nodeId: string,
    appends: readonly NumberedAppends[],
    bases: Map<string, number>,
  ): Promise<void> {
    const node = await this.#cluster.node(nodeId)
    const { topics }: ProduceResponse = await node.produce({
      producerId,
      producerEpoch,
      acks: ALL_IN_SYNC,
      compression: compressionOf(appends),
      topicData: [...Map.groupBy(appends, ({ topic }) => topic)].map(([topic, some]) => ({
        topic: this.#cluster.nameOf(topic),
        partitions: some.map(({ partition, firstSequence, messages }) => ({
          partition,
          firstSequence,
          messages: messages.map(({ key, value }) => ({
            key,
            value: Buffer.from(value.buffer, value.byteOffset, value.byteLength),
          })),
        })),
      })),
    })
    for (const { topicName, partitions } of topics) {
      for (const { partition, baseOffset } of partitions) bases.set(`${topicName}/${partition}`, Number(baseOffset))
    }
  }
}

interface ProduceResponse {
  readonly topics: {
    readonly topicName: string
    readonly partitions: { readonly partition: number; readonly baseOffset: string }[]
  }[]
}

function compressionOf(appends: readonly Appends[]): kafkajs.CompressionTypes {
  let bytes = 0
  for (const { messages } of appends) for (const { key, value } of messages) bytes += key.length + value.length
  return bytes < COMPRESS_FROM_BYTES ? kafkajs.CompressionTypes.None : kafkajs.CompressionTypes.ZSTD
}
