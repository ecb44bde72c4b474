import type { Consumer, RecordBatch, Subscription } from './broker.ts'
import type { Group, GroupMember } from './consumer-group.ts'
import { type KafkaAccess, KafkaCluster } from './kafka-cluster.ts'
import { KafkaGroup } from './kafka-group.ts'
import { KafkaLog } from './kafka-log.ts'
import { LogConsumer } from './log-consumer.ts'

export interface KafkaConsumerOptions {
  readonly partitions: number
  readonly sessionTimeoutMs: number
}

export interface StartedConsumer {
  readonly consumer: Consumer
  /** Resolves when nothing of it is left. */
  readonly ended: Promise<void>
}

/** Puts a consumer together: connections of its own, a log that reads ahead on them, a group that gives it partitions. */
export async function startKafkaConsumer(
  access: KafkaAccess,
  subscription: Subscription,
  { partitions, sessionTimeoutMs }: KafkaConsumerOptions,
): Promise<StartedConsumer> {
  const { group: groupId, topics } = subscription
  const cluster = await KafkaCluster.connect(access, topics)
  const log = new KafkaLog(cluster, groupId, topics, partitions)
  const stopped = Promise.withResolvers<void>()
  const ended = stopped.promise.then(() => {
    log.close()
    return cluster.disconnect()
  })
  if (groupId === null) {
    const consumer = new LogConsumer(subscription, log, new EveryPartition(partitions), stopped.resolve)
    log.follow(consumer)
    return { consumer, ended }
  }
  const group = new KafkaGroup({
    cluster,
    groupId,
    topics,
    partitions,
    sessionTimeoutMs,
    onReleased: (partition) => log.forget(partition),
    onFailure: (error) => consumer.fail(error),
  })
  const handle = async (batch: RecordBatch) => {
    await subscription.handle(batch)
    group.handled(batch)
  }
  const consumer = new LogConsumer({ ...subscription, handle }, log, group, stopped.resolve)
  log.follow(consumer)
  await Promise.race([group.joined, stopped.promise])
  return { consumer, ended }
}

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
