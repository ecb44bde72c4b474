import type { Admin } from 'kafkajs'
import { TributaryError } from '../errors.ts'
import { TOPIC_NAMES, TOPICS, type Topic } from '../events/topics.ts'
import type { KafkaClient } from './kafka-client.ts'

export interface TopicOptions {
  readonly partitions: number
  /** What the names of our topics begin with in Kafka, for several programs in one cluster. Default none. */
  readonly topicPrefix?: string
  /** Of topics created here. Default: the cluster's. */
  readonly replicationFactor?: number
  /** How long topics created here keep what is not compacted. Default: for ever, since the state is rebuilt from it. */
  readonly retentionMs?: number
}

const FOR_EVER = -1
const CLUSTER_DEFAULT = -1

/**
 * Creates the topics that are missing; those that are there are left as they are.
 * @throws TributaryError BAD_USAGE where one has another number of partitions
 */
export async function ensureTopics(client: KafkaClient, options: TopicOptions): Promise<void> {
  const admin = client.kafka.admin()
  try {
    await client.run('connect', () => admin.connect())
    await client.run('create the topics', () => createMissing(admin, options))
    const { topicPrefix = '' } = options
    const { topics } = await client.run('read the topics', () =>
      admin.fetchTopicMetadata({ topics: TOPIC_NAMES.map((topic) => topicPrefix + topic) }),
    )
    for (const { name, partitions } of topics) checkPartitions(name, partitions.length, options.partitions)
  } finally {
    await admin.disconnect()
  }
}

async function createMissing(admin: Admin, options: TopicOptions): Promise<void> {
  const { partitions, topicPrefix = '', replicationFactor = CLUSTER_DEFAULT } = options
  const present = new Set(await admin.listTopics())
  const missing = TOPIC_NAMES.filter((topic) => !present.has(topicPrefix + topic))
  if (missing.length === 0) return
  // Another process may do the same at the same time, which is as good.
  await admin.createTopics({
    topics: missing.map((topic) => ({
      topic: topicPrefix + topic,
      numPartitions: partitions,
      replicationFactor,
      configEntries: [configOf(topic, options)],
    })),
  })
}

function configOf(topic: Topic, { retentionMs = FOR_EVER }: TopicOptions): { name: string; value: string } {
  if (TOPICS[topic].compacted) return { name: 'cleanup.policy', value: 'compact' }
  return { name: 'retention.ms', value: `${retentionMs}` }
}

function checkPartitions(name: string, found: number, partitions: number): void {
  if (found === partitions) return
  throw new TributaryError(
    'BAD_USAGE',
    `the topic ${name} in Kafka has ${found} partitions, the configuration says ${partitions}: a user's events would ` +
      'change partition. Set partitions back, or choose another topic prefix.',
    { topic: name, found, partitions },
  )
}
