import { TributaryError } from '../errors.ts'
import { TOPIC_NAMES, type Topic } from '../events/topics.ts'
import { AppendQueue } from './append-queue.ts'
import type { Bounds, Broker, Consumer, LogRecord, Message, Position, Subscription } from './broker.ts'
import type { Group, GroupMember } from './consumer-group.ts'
import { KafkaClient, type KafkaConnection } from './kafka-client.ts'
import { KafkaGroup } from './kafka-group.ts'
import { KafkaLog } from './kafka-log.ts'
import { KafkaProducer } from './kafka-producer.ts'
import { KafkaReader } from './kafka-reader.ts'
import { ensureTopics, type TopicOptions } from './kafka-topics.ts'
import { LogConsumer } from './log-consumer.ts'

export interface KafkaBrokerOptions extends KafkaConnection, TopicOptions {
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
 * Durability: `produce` resolves when all replicas in sync have the messages, and is written once however often it has
 * to be sent; it rejects after some 15 seconds without success. Calls that come in while one is under way share the next.
 * Groups are Kafka's, over all processes. Offsets are committed to Kafka as well, for tools that show the lag.
 * @throws TributaryError UNAVAILABLE, BAD_USAGE (credentials, topics of another number of partitions)
 */
export async function openKafkaBroker(options: KafkaBrokerOptions): Promise<Broker> {
  const client = new KafkaClient(options)
  await ensureTopics(client, options)
  const reader = await KafkaReader.connect(client, TOPIC_NAMES, options.topicPrefix ?? '')
  return new KafkaBroker(client, reader, options)
}

class KafkaBroker implements Broker {
  readonly partitions: number
  readonly #client: KafkaClient
  /** For `read` and `bounds`; every consumer has its own, since a request that waits for records holds up the next. */
  readonly #reader: KafkaReader
  readonly #topicPrefix: string
  readonly #sessionTimeoutMs: number
  readonly #producer: KafkaProducer
  readonly #appends: AppendQueue
  readonly #consumers = new Map<Consumer, Promise<void>>()
  #closing: Promise<void> | undefined
  #closed = false

  constructor(client: KafkaClient, reader: KafkaReader, options: KafkaBrokerOptions) {
    const { partitions, topicPrefix = '', sessionTimeoutMs = DEFAULT_SESSION_TIMEOUT_MS } = options
    this.partitions = partitions
    this.#client = client
    this.#reader = reader
    this.#topicPrefix = topicPrefix
    this.#sessionTimeoutMs = sessionTimeoutMs
    this.#producer = new KafkaProducer(client, topicPrefix)
    this.#appends = new AppendQueue(partitions, (appends) => this.#producer.append(appends), {
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
    const { group: groupId, topics } = subscription
    const reader = await KafkaReader.connect(this.#client, topics, this.#topicPrefix)
    const log = new KafkaLog(reader, groupId, topics, this.partitions)
    const group =
      groupId === null
        ? new EveryPartition(this.partitions)
        : new KafkaGroup({
            client: this.#client,
            cluster: reader.cluster,
            groupId,
            topics: topics.map((topic) => this.#topicPrefix + topic),
            partitions: this.partitions,
            sessionTimeoutMs: this.#sessionTimeoutMs,
            onReleased: (partition) => log.forget(partition),
            onFailure: (error) => consumer.fail(error),
          })
    const stopped = Promise.withResolvers<void>()
    const consumer: LogConsumer = new LogConsumer(subscription, log, group, stopped.resolve)
    log.follow(consumer)
    this.#consumers.set(consumer, this.#afterwards(consumer, stopped.promise, log))
    if (group instanceof KafkaGroup) await Promise.race([group.joined, stopped.promise])
    return consumer
  }

  async read(topic: Topic, partition: number, from: number, limit: number): Promise<readonly LogRecord[]> {
    this.#mustBeOpen(this.#closed)
    const { begin, end } = (await this.#reader.bounds([topic], [partition])).get(topic)![0]!
    const records: LogRecord[] = []
    let offset = Math.max(begin, from)
    while (records.length < limit && offset < end) {
      const position = { topic, partition, offset }
      const [node] = this.#reader.byLeader([position]).keys()
      const [fetched] = await this.#reader.fetch(node!, [position], READ_WAIT_MS)
      const last = fetched?.records.at(-1)
      // Nothing, before the end: what compaction has left there.
      if (!last) break
      records.push(...fetched!.records.slice(0, limit - records.length))
      offset = last.offset + 1
    }
    return records
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
    await Promise.all([...this.#consumers].flatMap(([consumer, ended]) => [consumer.stop(), ended]))
    this.#closed = true
    await this.#appends.drained()
    await Promise.all([this.#producer.disconnect(), this.#reader.disconnect()])
  }

  /** Resolves when nothing of the consumer is left. */
  async #afterwards(consumer: Consumer, stopped: Promise<void>, log: KafkaLog): Promise<void> {
    await stopped
    await log.close()
    this.#consumers.delete(consumer)
  }

  #mustBeOpen(closed: boolean): void {
    if (closed) throw new TributaryError('INTERNAL', 'the broker has been closed')
  }
}

/** A little, for a message that is being written. */
const READ_WAIT_MS = 100

/** The group of one that has everything. */
class EveryPartition implements Group {
  readonly #partitions: number[]

  constructor(partitions: number) {
    this.#partitions = Array.from({ length: partitions }, (_, partition) => partition)
  }

  join(member: GroupMember): void {
    for (const partition of this.#partitions) member.assign(partition)
  }

  async leave(member: GroupMember): Promise<void> {
    await Promise.all(this.#partitions.map((partition) => member.revoke(partition)))
  }
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
