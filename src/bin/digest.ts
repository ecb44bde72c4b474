import type { Config } from '../config/config.ts'
import { digestState } from '../state/digest.ts'
import { openEventLog, openStateStore } from './adapters.ts'

/** By table of the state, and of the event log as `event-log`. */
export type Digest = Readonly<Record<string, { readonly entries: number; readonly hash: string }>>

/** What a deployment has come to: equal digests mean equal histories, features, counts and events. */
export async function digestOf(config: Config, group: string): Promise<Digest> {
  const store = await openStateStore(config)
  const state = await digestState(store, group)
  await store.close()
  const log = await openEventLog(config)
  await log.migrate()
  const { rows, hash } = await log.digest()
  await log.close()
  return { ...state, 'event-log': { entries: rows, hash } }
}
