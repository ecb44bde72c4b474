import { setTimeout } from 'node:timers/promises'
import type { Cluster, Broker as ClusterNode, Kafka } from 'kafkajs'
import type { TributaryError } from '../errors.ts'
import type { Topic } from '../events/topics.ts'
import { backOffMs } from './back-off.ts'
import { clusterOf } from './kafka-client.ts'
import { asTributaryError, isRetriable } from './kafka-errors.ts'

/** kafkajs's nodes can do more than its types say: what its own producers and consumers are made of. */
export interface KafkaNode extends ClusterNode {
  initProducerId(request: { transactionTimeout: number }): Promise<{ producerId: number; producerEpoch: number }>
  joinGroup(request: {
    groupId: string
    sessionTimeout: number
    rebalanceTimeout: number
    memberId: string
    groupProtocols: readonly { name: string; metadata: Buffer }[]
  }): Promise<{
    generationId: number
    leaderId: string
    memberId: string
    members: { memberId: string; memberMetadata: Buffer }[]
  }>
  syncGroup(request: {
    groupId: string
    generationId: number
    memberId: string
    groupAssignment: readonly { memberId: string; memberAssignment: Buffer }[]
  }): Promise<{ memberAssignment: Buffer }>
  heartbeat(request: { groupId: string; groupGenerationId: number; memberId: string }): Promise<unknown>
  leaveGroup(request: { groupId: string; memberId: string }): Promise<unknown>
}

export interface TopicPartition {
  readonly topic: Topic
  readonly partition: number
}

export interface KafkaAccess {
  readonly kafka: Kafka
  /** For messages to people. */
  readonly brokers: string
  readonly topicPrefix: string
}

const NO_NODE = 'none'

/** Connections to the nodes of a cluster, for one user: a request that is being waited for holds up the next. */
export class KafkaCluster {
  readonly #access: KafkaAccess
  readonly #cluster: Cluster

  private constructor(access: KafkaAccess, cluster: Cluster) {
    this.#access = access
    this.#cluster = cluster
  }

  /** @throws TributaryError UNAVAILABLE, BAD_USAGE */
  static async connect(access: KafkaAccess, topics: readonly Topic[]): Promise<KafkaCluster> {
    const cluster = clusterOf(access.kafka)
    const connected = new KafkaCluster(access, cluster)
    try {
      await cluster.connect()
      await cluster.addMultipleTargetTopics(topics.map((topic) => connected.nameOf(topic)))
      return connected
    } catch (error) {
      await connected.disconnect()
      throw connected.asTributaryError('connect', error)
    }
  }

  /** What a topic is called in Kafka. */
  nameOf(topic: Topic): string {
    return this.#access.topicPrefix + topic
  }

  idOf({ topic, partition }: TopicPartition): string {
    return `${this.nameOf(topic)}/${partition}`
  }

  /** Divided among the nodes that lead the partitions, as far as is known: asking the wrong one makes `request` look. */
  byLeader<T extends TopicPartition>(partitions: readonly T[]): Map<string, T[]> {
    return Map.groupBy(partitions, ({ topic, partition }) => {
      try {
        const [leader] = Object.keys(this.#cluster.findLeaderForPartitions(this.nameOf(topic), [partition]))
        return leader ?? NO_NODE
      } catch {
        return NO_NODE
      }
    })
  }

  async node(nodeId: string): Promise<KafkaNode> {
    return (await this.#cluster.findBroker({ nodeId })) as KafkaNode
  }

  async anyNode(): Promise<KafkaNode> {
    return (await this.#cluster.findControllerBroker()) as KafkaNode
  }

  async coordinator(groupId: string): Promise<KafkaNode> {
    return (await this.#cluster.findGroupCoordinator({ groupId })) as KafkaNode
  }

  /** The first offset of what is kept, or the one that the next message will get; by `idOf`. */
  async offsets(topics: readonly Topic[], partitions: readonly number[], at: 'begin' | 'end') {
    const answers = await this.#cluster.fetchTopicsOffset(
      topics.map((topic) => ({
        topic: this.nameOf(topic),
        partitions: partitions.map((partition) => ({ partition })),
        fromBeginning: at === 'begin',
      })),
    )
    return new Map(
      answers.flatMap(({ topic, partitions: offsets }) =>
        offsets.map(({ partition, offset }) => [`${topic}/${partition}`, Number(offset)]),
      ),
    )
  }

  /**
   * A request, or several, by what is known of the cluster; after a fault that may pass, that is brought up to date.
   * @param what it is for, to follow "cannot"
   * @param withinMs how long to try again after such faults
   * @throws TributaryError
   */
  async request<T>(what: string, action: () => Promise<T>, withinMs = 0): Promise<T> {
    const deadline = Date.now() + withinMs
    for (let attempt = 0; ; attempt++) {
      try {
        await this.#cluster.refreshMetadataIfNecessary()
        return await action()
      } catch (error) {
        if (isRetriable(error)) await this.lookAgain(error)
        const pauseMs = backOffMs(attempt)
        if (!isRetriable(error) || Date.now() + pauseMs > deadline) throw this.asTributaryError(what, error)
        await setTimeout(pauseMs)
      }
    }
  }

  /** Brings what is known of the cluster up to date, if it can be reached. */
  async lookAgain(error: unknown): Promise<void> {
    const { host, port } = error as { host?: string; port?: number }
    if (host !== undefined && port !== undefined) this.#cluster.removeBroker({ host, port })
    await this.#cluster.refreshMetadata().catch(() => {})
  }

  asTributaryError(what: string, error: unknown): TributaryError {
    return asTributaryError(what, this.#access.brokers, error)
  }

  async disconnect(): Promise<void> {
    await this.#cluster.disconnect().catch(() => {})
  }
}
