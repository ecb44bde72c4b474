import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Broker } from '../broker/broker.ts'
import type { Config } from '../config/config.ts'
import type { EventLog } from '../event-log/event-log.ts'
import type { StateStore } from '../state/state-store.ts'

// The only place that knows which deployment this is. Vendors are imported when they are needed: a process that has
// nothing to do with one neither loads nor pays for it.

export async function openBroker(config: Config): Promise<Broker> {
  const { openLmdbBroker } = await import('../broker/lmdb-broker.ts')
  return openLmdbBroker({ path: folder(config, 'log'), partitions: config.partitions })
}

export async function openStateStore(config: Config): Promise<StateStore> {
  const { openLmdbStateStore } = await import('../state/lmdb-state-store.ts')
  return openLmdbStateStore({ path: folder(config, 'state'), partitions: config.partitions })
}

export async function openEventLog(config: Config): Promise<EventLog> {
  const { openChdbEventLog } = await import('../event-log/chdb-event-log.ts')
  return openChdbEventLog({ path: folder(config, 'events') })
}

function folder(config: Config, name: string): string {
  const path = join(config.home, name)
  mkdirSync(path, { recursive: true })
  return path
}
