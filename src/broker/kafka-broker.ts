import { TributaryError } from '../errors.ts'
import { TOPIC_NAMES, type Topic } from '../events/topics.ts'
import { AppendQueue } from './append-queue.ts'
import type { Bounds, Broker, Consumer, LogRecord, Message, Position, Subscription } from './broker.ts'
import { createKafka, type KafkaConnection } from './kafka-client.ts'
import { type KafkaAccess, KafkaCluster } from './kafka-cluster.ts'
import { type StartedConsumer, startKafkaConsumer } from './kafka-consumer.ts'
import { KafkaProducer } from './kafka-producer.ts'
import { KafkaReader } from './kafka-reader.ts'
import { ensureTopics, type TopicOptions } from './kafka-topics.ts'

export interface KafkaBrokerOptions extends KafkaConnection, TopicOptions {
  /** What the names of our topics begin with in Kafka, for several programs in one cluster. Default none. */
  readonly topicPrefix?: string
  /** The same of the names of our consumer groups. Default none. */
  readonly groupPrefix?: string
  /** A consumer that is not heard of for so long loses its partitions to the others of its group. Default 10,000. */
  readonly sessionTimeoutMs?: number
}

const DEFAULT_SESSION_TIMEOUT_MS = 10_000

/** Kafka refuses batches of more than 1 MiB, unless told otherwise; ours stay below before they are compressed. */
const MAX_BATCH_BYTES = 900_000
/** What Kafka adds to a record's key and value, at most. */
const RECORD_BYTES = 20

/**
 * The distributed broker. Topics are created where they are missing.
 *
 * Durability: `produce` resolves when all replicas in sync have the messages, and writes them once however often they
 * have to be sent; it rejects after some 30 seconds of trying. Calls that come in meanwhile share the next request.
 * Groups are Kafka's, over all processes. Offsets are committed to Kafka as well, for tools that show the lag.
 * @throws TributaryError UNAVAILABLE, BAD_USAGE (credentials, topics of another number of partitions)
 */
export async function openKafkaBroker(options: KafkaBrokerOptions): Promise<Broker> {
  const { brokers, topicPrefix = '' } = options
  const access = { kafka: createKafka(options), brokers: brokers.join(', '), topicPrefix }
  await ensureTopics(access, options)
  return new KafkaBroker(access, await KafkaCluster.connect(access, TOPIC_NAMES), options)
}

class KafkaBroker implements Broker {
  readonly partitions: number
  readonly #access: KafkaAccess
  /** For everything but consuming: each consumer has its own, because it keeps requests waiting for records. */
  readonly #cluster: KafkaCluster
  readonly #sessionTimeoutMs: number
  readonly #groupPrefix: string
  readonly #reader: KafkaReader
  readonly #appends: AppendQueue
  readonly #consumers = new Set<Promise<StartedConsumer>>()
  #closing: Promise<void> | undefined
  #closed = false

  constructor(access: KafkaAccess, cluster: KafkaCluster, options: KafkaBrokerOptions) {
    const { partitions, sessionTimeoutMs = DEFAULT_SESSION_TIMEOUT_MS, groupPrefix = '' } = options
    this.partitions = partitions
    this.#access = access
    this.#cluster = cluster
    this.#sessionTimeoutMs = sessionTimeoutMs
    this.#groupPrefix = groupPrefix
    this.#reader = new KafkaReader(cluster)
    const producer = new KafkaProducer(cluster)
    this.#appends = new AppendQueue(partitions, (appends) => producer.append(appends), {
      maxCommitBytes: MAX_BATCH_BYTES,
      messageBytes: RECORD_BYTES,
    })
  }

  async produce(topic: Topic, messages: readonly Message[]): Promise<readonly Position[]> {
    this.#mustBeOpen(this.#closed)
    for (const { partition = 0 } of messages) {
      if (partition >= 0 && partition < this.partitions) continue
      throw new TributaryError('BAD_INPUT', `${topic} has ${this.partitions} partitions, none is numbered ${partition}`)
    }
    const parts = await Promise.all(divide(messages).map((part) => this.#appends.add(topic, part)))
    return parts.flat()
  }

  async subscribe(subscription: Subscription): Promise<Consumer> {
    this.#mustBeOpen(this.#closing !== undefined)
    const { group } = subscription
    const named = group === null ? subscription : { ...subscription, group: this.#groupPrefix + group }
    const started = startKafkaConsumer(this.#access, named, {
      partitions: this.partitions,
      sessionTimeoutMs: this.#sessionTimeoutMs,
    })
    this.#consumers.add(started)
    const forget = () => this.#consumers.delete(started)
    started.then(({ ended }) => ended).then(forget, forget)
    return (await started).consumer
  }

  async read(topic: Topic, partition: number, from: number, limit: number): Promise<readonly LogRecord[]> {
    this.#mustBeOpen(this.#closed)
    return this.#reader.read(topic, partition, from, limit)
  }

  async bounds(topic: Topic): Promise<readonly Bounds[]> {
    this.#mustBeOpen(this.#closed)
    const partitions = Array.from({ length: this.partitions }, (_, partition) => partition)
    return (await this.#reader.bounds([topic], partitions)).get(topic)!
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    // First the consumers: the batches in hand may still want to produce.
    await Promise.all([...this.#consumers].map(stopped))
    this.#closed = true
    await this.#appends.drained()
    await this.#cluster.disconnect()
  }

  #mustBeOpen(closed: boolean): void {
    if (closed) throw new TributaryError('INTERNAL', 'the broker has been closed')
  }
}

async function stopped(starting: Promise<StartedConsumer>): Promise<void> {
  const started = await starting.catch(() => undefined)
  await started?.consumer.stop()
  await started?.ended
}

/** Into parts that fit into one batch; a larger message is a part of its own. */
function divide(messages: readonly Message[]): Message[][] {
  const parts: Message[][] = []
  let bytes = Number.POSITIVE_INFINITY
  for (const message of messages) {
    const size = RECORD_BYTES + message.key.length + message.value.length
    bytes += size
    if (bytes > MAX_BATCH_BYTES) {
      parts.push([])
      bytes = size
    }
    parts.at(-1)!.push(message)
  }
  return parts
}
