// What training reads, apart from training itself: the thread that has the event log need not load TensorFlow.js.
import { join } from 'node:path'
import type { Broker } from '../../broker/broker.ts'
import { recordsOf } from '../../broker/records-of.ts'
import { Catalogue } from '../../catalogue/catalogue.ts'
import type { Config } from '../../config/config.ts'
import type { EventLog } from '../../event-log/event-log.ts'
import { decode } from '../../events/codec.ts'
import type { User } from '../../events/types.ts'
import type { TrainingSet } from '../../models/training-set.ts'
import { readTrainingSet } from '../../training/read-training-set.ts'
import { TrainingRun } from '../../training/training-run.ts'

/** Where a training run keeps what it has come to. */
export function runFolder(config: Config): string {
  return join(config.home, 'training')
}

/** All that the log has, up to where a run that was interrupted had read it. */
export async function readSet(
  { log, broker }: { readonly log: EventLog; readonly broker: Broker },
  config: Config,
  signal: AbortSignal,
): Promise<TrainingSet> {
  const catalogue = new Catalogue()
  await catalogue.follow(broker)
  try {
    const [latest] = await log.query<{ at: number }>('SELECT max(at) AS at FROM interactions')
    const asOf = (await TrainingRun.unfinishedAsOf(runFolder(config))) ?? latest?.at ?? 0
    return await readTrainingSet(log, {
      asOf,
      catalogue: catalogue.values(),
      profiles: await readProfiles(broker),
      positionBias: config.positionBias,
      signal,
    })
  } finally {
    await catalogue.stop()
  }
}

/** By user id: the latest on the compacted topic; of a forgotten user there is none. */
export async function readProfiles(broker: Pick<Broker, 'read' | 'bounds'>): Promise<ReadonlyMap<string, User>> {
  const latest = await latestProfiles(broker)
  return new Map([...latest].flatMap(([userId, { user }]) => (user ? [[userId, user] as const] : [])))
}

/** The same with where it stands in the topic, and of a forgotten user where that was said. */
export async function latestProfiles(
  broker: Pick<Broker, 'read' | 'bounds'>,
): Promise<ReadonlyMap<string, { readonly user: User | undefined; readonly offset: number }>> {
  const latest = new Map<string, { user: User | undefined; offset: number }>()
  for await (const { key, value, offset } of recordsOf(broker, 'users')) {
    const decoded = decode('users', value)
    latest.set(key, { user: decoded.ok && !decoded.event.forgotten ? decoded.event : undefined, offset })
  }
  return latest
}
