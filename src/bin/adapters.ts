// The only place that knows which deployment this is. Vendors are imported when they are needed: a process that has
// nothing to do with one neither loads nor pays for it.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Broker } from '../broker/broker.ts'
import type { Config } from '../config/config.ts'
import type { EventLog } from '../event-log/event-log.ts'
import { ReleaseFolder } from '../releases/release-folder.ts'
import type { StateStore } from '../state/state-store.ts'

/** Kafka where its brokers are configured, else the embedded log. */
export async function openBroker(config: Config): Promise<Broker> {
  const { partitions, namespace, kafkaBrokers, kafkaUsername, kafkaPassword = '' } = config
  if (kafkaBrokers.length === 0) {
    const { openLmdbBroker } = await import('../broker/lmdb-broker.ts')
    return openLmdbBroker({ path: folder(config, 'log'), partitions })
  }
  const { openKafkaBroker } = await import('../broker/kafka-broker.ts')
  const { kafkaSaslMechanism: mechanism } = config
  return openKafkaBroker({
    brokers: kafkaBrokers,
    partitions,
    ...(namespace && { topicPrefix: `${namespace}.`, groupPrefix: `${namespace}.` }),
    replicationFactor: config.kafkaReplication,
    ssl: config.kafkaSsl,
    ...(kafkaUsername && { sasl: { mechanism, username: kafkaUsername, password: kafkaPassword } }),
  })
}

/** Redis where its address is configured, else the embedded store. */
export async function openStateStore(config: Config): Promise<StateStore> {
  const { partitions, namespace, redisUrl, redisCluster } = config
  if (redisUrl === undefined) {
    const { openLmdbStateStore } = await import('../state/lmdb-state-store.ts')
    return openLmdbStateStore({ path: folder(config, 'state'), partitions })
  }
  const { openRedisStateStore } = await import('../state/redis-state-store.ts')
  return openRedisStateStore({
    partitions,
    ...(namespace && { prefix: `${namespace}:` }),
    ...(redisCluster ? { nodes: [redisUrl] } : { url: redisUrl }),
  })
}

/** A ClickHouse server where its address is configured, else the engine in this process. */
export async function openEventLog(config: Config): Promise<EventLog> {
  const { clickhouseUrl, clickhouseUser, clickhousePassword, clickhouseDatabase, clickhouseRetentionDays } = config
  if (clickhouseUrl === undefined) {
    const { openChdbEventLog } = await import('../event-log/chdb-event-log.ts')
    return openChdbEventLog({ path: folder(config, 'events') })
  }
  const { openClickHouseEventLog } = await import('../event-log/clickhouse-event-log.ts')
  return openClickHouseEventLog({
    url: clickhouseUrl,
    username: clickhouseUser,
    password: clickhousePassword,
    database: clickhouseDatabase,
    ...(clickhouseRetentionDays !== undefined && { retentionDays: clickhouseRetentionDays }),
  })
}

/** The folder of releases: of the home, unless one that is shared is configured. */
export function openReleases(config: Config): ReleaseFolder {
  return new ReleaseFolder(config.releasesDir ?? folder(config, 'releases'))
}

function folder(config: Config, name: string): string {
  const path = join(config.home, name)
  mkdirSync(path, { recursive: true })
  return path
}
