import { setTimeout } from 'node:timers/promises'
import type { Admin } from 'kafkajs'
import { TributaryError } from '../errors.ts'
import { TOPIC_NAMES, TOPICS, type Topic } from '../events/topics.ts'
import { backOffMs } from './back-off.ts'
import type { KafkaAccess } from './kafka-cluster.ts'
import { asTributaryError, isRetriable } from './kafka-errors.ts'

export interface TopicOptions {
  readonly partitions: number
  /** Of topics created here. Default: the cluster's. */
  readonly replicationFactor?: number
  /** How long topics created here keep what is not compacted. Default: for ever, since the state is rebuilt from it. */
  readonly retentionMs?: number
}

const FOR_EVER = -1
const TRIES = 6
const CLUSTER_DEFAULT = -1

/**
 * Creates the topics that are missing; those that are there are left as they are.
 * @throws TributaryError UNAVAILABLE; BAD_USAGE where one has another number of partitions
 */
export async function ensureTopics({ kafka, brokers, topicPrefix }: KafkaAccess, options: TopicOptions): Promise<void> {
  const admin = kafka.admin()
  try {
    await admin.connect()
    const { topics } = await onceKnown(async () => {
      await createMissing(admin, topicPrefix, options)
      return admin.fetchTopicMetadata({ topics: TOPIC_NAMES.map((topic) => topicPrefix + topic) })
    })
    for (const { name, partitions } of topics) checkPartitions(name, partitions.length, options.partitions)
  } catch (error) {
    throw asTributaryError('prepare the topics', brokers, error)
  } finally {
    await admin.disconnect()
  }
}

/** Topics that have just been created, perhaps by another process, are not known to all nodes at once. */
async function onceKnown<T>(action: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await action()
    } catch (error) {
      if (attempt === TRIES || !isRetriable(error)) throw error
      await setTimeout(backOffMs(attempt))
    }
  }
}

async function createMissing(admin: Admin, topicPrefix: string, options: TopicOptions): Promise<void> {
  const { partitions, replicationFactor = CLUSTER_DEFAULT } = options
  const present = new Set(await admin.listTopics())
  const missing = TOPIC_NAMES.filter((topic) => !present.has(topicPrefix + topic))
  if (missing.length === 0) return
  // Another process may do the same at the same time, which is as good.
  await admin.createTopics({
    waitForLeaders: false,
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
