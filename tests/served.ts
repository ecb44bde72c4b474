// Serving over the embedded program, with releases of models that need no training.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import type { ModelName, TrainedModel } from '../src/models/model-trainer.ts'
import { announce } from '../src/releases/announcements.ts'
import { buildIndexes } from '../src/releases/build-indexes.ts'
import type { ReleaseFollower } from '../src/releases/follow-releases.ts'
import { ReleaseFolder } from '../src/releases/release-folder.ts'
import { ItemIndex } from '../src/retrieval/online/item-index.ts'
import { OnlineState } from '../src/retrieval/online/online-state.ts'
import { ReleaseSlot } from '../src/retrieval/release-slot.ts'
import { createServer } from '../src/serving/http/server.ts'
import { LiveRecommender } from '../src/serving/live-recommender.ts'
import { serveReleases } from '../src/serving/serve-releases.ts'
import { streamClock } from '../src/serving/stream-clock.ts'
import { LIVE_GROUP } from '../src/state/keys.ts'
import { type Embedded, openEmbedded } from './embedded.ts'
import { fakeKernels } from './fakes/fake-models.ts'

export interface Served extends Embedded {
  readonly app: FastifyInstance
  readonly recommender: LiveRecommender
  readonly address: string
  readonly folder: ReleaseFolder
  readonly slot: ReleaseSlot
  readonly follower: ReleaseFollower
  readonly failures: { readonly version: string; readonly error: unknown }[]
  /** Writes a release that no gate has seen. */
  write(version: string, models: ReadonlyMap<ModelName, TrainedModel>, itemIds: readonly string[]): Promise<void>
  /** Announces it, and waits until it has been taken or given up. */
  promote(version: string): Promise<void>
  get<T>(path: string): Promise<T>
}

/** @param featureShare of the slates, whose impressions carry features */
export async function openServed({ featureShare = 0 } = {}): Promise<Served> {
  const embedded = await openEmbedded()
  const { broker, store, catalogue } = embedded
  const path = mkdtempSync(join(tmpdir(), 'tributary-'))
  const folder = new ReleaseFolder(path)
  const slot = new ReleaseSlot()
  const items = new ItemIndex()
  const recommender = new LiveRecommender({
    online: new OnlineState(store, LIVE_GROUP, items),
    catalogue,
    releases: slot,
  })
  const failures: { version: string; error: unknown }[] = []
  const follower = await serveReleases({
    broker,
    folder,
    slot,
    items,
    catalogue,
    kernels: fakeKernels,
    onSwap: () => {},
    onFailure: (version, error) => failures.push({ version, error }),
  })
  const now = streamClock(() => recommender.streamTime)
  const app = await createServer({ recommender, broker, now, featureShare, limits: { maxEventLoopLagMs: 60_000 } })
  const address = await app.listen({ host: '127.0.0.1', port: 0 })
  return {
    ...embedded,
    app,
    recommender,
    address,
    folder,
    slot,
    follower,
    failures,
    async write(version, models, itemIds) {
      await folder.write({
        version,
        createdAt: Date.now(),
        watermark: Date.UTC(2001, 0),
        itemIds,
        models: new Map([...models].map(([name, model]) => [name, { ...model, trainingSeconds: 0 }])),
        indexes: await buildIndexes(new Map([...models].map(([name, { tensors }]) => [name, tensors]))),
        gate: { passed: true, leftOut: [], reasons: [], measures: {} },
      })
    },
    async promote(version) {
      const failed = failures.length
      await announce(broker, { version, watermark: 0 })
      const settled = () => failures.length > failed || (slot.current?.version === version && !slot.problem)
      while (!settled()) await new Promise((resolve) => setTimeout(resolve, 2))
    },
    async get<T>(path: string) {
      const answer = await fetch(address + path)
      if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
      return (await answer.json()) as T
    },
    close: async () => {
      await app.close()
      await follower.stop()
      await embedded.close()
      rmSync(path, { recursive: true, force: true })
    },
  }
}
