import kafkajs, { type Producer } from 'kafkajs'
import type { Appends } from './append-queue.ts'
import type { KafkaClient } from './kafka-client.ts'

/** Below, compression costs more time than it saves. */
const COMPRESS_FROM_BYTES = 1024
/** Some 15 s in all: a broker that restarts, or a new leader of a partition, is waited for. */
const RETRY = { initialRetryTime: 100, retries: 8, maxRetryTime: 4_000 }

/**
 * An idempotent producer, to be used by one caller at a time: what it sends again after a fault, Kafka writes once.
 * That ends when it gives up, because it then does not know whether its last messages were written under the numbers
 * that the next ones would get. So a failure costs it its identity: the next append begins with a new one.
 */
export class KafkaProducer {
  readonly #client: KafkaClient
  readonly #topicPrefix: string
  #producer: Promise<Producer> | undefined

  constructor(client: KafkaClient, topicPrefix: string) {
    this.#client = client
    this.#topicPrefix = topicPrefix
  }

  /** Resolves to the first offset of each, in the order given, when all replicas in sync have them. */
  async append(appends: readonly Appends[]): Promise<number[]> {
    try {
      this.#producer ??= this.#connect()
      const producer = await this.#producer
      const bases = new Map<string, number>()
      // After a change of leaders kafkajs may leave out partitions, and says so only by what it does not answer.
      for (let rest = appends; rest.length > 0; rest = rest.filter((append) => !bases.has(this.#id(append)))) {
        const answers = await producer.sendBatch({
          compression: compressionOf(rest),
          topicMessages: [...Map.groupBy(rest, ({ topic }) => topic)].map(([topic, some]) => ({
            topic: this.#topicPrefix + topic,
            messages: some.flatMap(toKafka),
          })),
        })
        for (const { topicName, partition, baseOffset } of answers) {
          bases.set(`${topicName}/${partition}`, Number(baseOffset))
        }
      }
      return appends.map((append) => bases.get(this.#id(append))!)
    } catch (error) {
      await this.disconnect()
      throw this.#client.asTributaryError('write to the log', error)
    }
  }

  async disconnect(): Promise<void> {
    const producer = this.#producer
    this.#producer = undefined
    await producer?.then((connected) => connected.disconnect()).catch(() => {})
  }

  async #connect(): Promise<Producer> {
    const producer = this.#client.kafka.producer({
      idempotent: true,
      allowAutoTopicCreation: false,
      createPartitioner: () => (args) => args.message.partition!,
      retry: RETRY,
    })
    await producer.connect()
    return producer
  }

  #id({ topic, partition }: Appends): string {
    return `${this.#topicPrefix}${topic}/${partition}`
  }
}

function compressionOf(appends: readonly Appends[]): kafkajs.CompressionTypes {
  let bytes = 0
  for (const { messages } of appends) for (const { key, value } of messages) bytes += key.length + value.length
  return bytes < COMPRESS_FROM_BYTES ? kafkajs.CompressionTypes.None : kafkajs.CompressionTypes.ZSTD
}

function toKafka({ partition, messages }: Appends) {
  return messages.map(({ key, value }) => ({
    key,
    value: Buffer.from(value.buffer, value.byteOffset, value.byteLength),
    partition,
  }))
}
