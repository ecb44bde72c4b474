// The embedded program without its processes: broker, catalogue, consumer and state over a folder of their own.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, vi } from 'vitest'
import type { Broker } from '../src/broker/broker.ts'
import { openLmdbBroker } from '../src/broker/lmdb-broker.ts'
import { Catalogue } from '../src/catalogue/catalogue.ts'
import { type Commit, consumeLiveState } from '../src/consumers/live-state-consumer.ts'
import { openLmdbStateStore } from '../src/state/lmdb-state-store.ts'
import type { StateStore } from '../src/state/state-store.ts'

export interface Embedded {
  readonly broker: Broker
  readonly store: StateStore
  readonly catalogue: Catalogue
  /** What has been committed since the beginning. */
  readonly committed: { readonly [Count in 'events' | 'refused' | 'repeated']: number }
  /** Resolves when all that has been produced is in the state. */
  caughtUp(): Promise<void>
  /** Removes the folder, too. */
  close(): Promise<void>
}

export async function openEmbedded({ partitions = 4 } = {}): Promise<Embedded> {
  const folder = mkdtempSync(join(tmpdir(), 'tributary-'))
  const broker = openLmdbBroker({ path: join(folder, 'log'), partitions })
  const store = openLmdbStateStore({ path: join(folder, 'state'), partitions })
  const catalogue = new Catalogue()
  await catalogue.follow(broker)
  const committed = { events: 0, refused: 0, repeated: 0 }
  const onCommit = ({ events, refused, repeated }: Commit) => {
    committed.events += events
    committed.refused += refused
    committed.repeated += repeated
  }
  const consumer = await consumeLiveState({ broker, store, catalogue, onCommit })
  return {
    broker,
    store,
    catalogue,
    committed,
    // Handled is committed: a batch that reaches the end of its log is.
    caughtUp: () => vi.waitFor(() => expect(consumer.lag()).toBe(0), { timeout: 60_000, interval: 2 }),
    close: async () => {
      await consumer.stop()
      await consumer.done
      await catalogue.stop()
      await broker.close()
      await store.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
