import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openLmdbBroker } from '../../src/broker/lmdb-broker.ts'
import { announce, announced } from '../../src/releases/announcements.ts'
import { holdOut } from '../../src/releases/holdout.ts'
import { publishRelease } from '../../src/releases/publish-release.ts'
import { ReleaseFolder } from '../../src/releases/release-folder.ts'
import { fakeKernels, topicalModel, topicalSet } from '../fakes/fake-models.ts'
import { temporaryFolder } from './temporary-folder.ts'

const { set, cases } = holdOut(topicalSet(), 100)

function candidate(noise: number) {
  const model = { ...topicalModel(set.itemIds.length, { noise }), trainingSeconds: 1 }
  return { set, cases, models: new Map([['two-tower' as const, model]]) }
}

async function withPlaces(
  use: (places: { folder: ReleaseFolder; broker: ReturnType<typeof openLmdbBroker> }) => Promise<void>,
) {
  const path = temporaryFolder()
  const broker = openLmdbBroker({ path: join(path, 'log'), partitions: 3 })
  await use({ folder: new ReleaseFolder(join(path, 'releases')), broker })
  await broker.close()
}

describe('publishing a release', () => {
  it('puts it in the folder and announces it, again and again, and keeps as many as it should', () =>
    withPlaces(async ({ folder, broker }) => {
      expect(await announced(broker)).toBeUndefined()
      const versions: string[] = []
      for (let round = 0; round < 4; round++) {
        const before = await announced(broker)
        const inService = before && (await folder.load(before.version))
        const options = { folder, broker, inService, kernels: fakeKernels, keep: 2 }
        const outcome = await publishRelease(candidate(0.3), options)
        if (!outcome.published) throw new Error(outcome.gate.reasons.join())
        expect(outcome.manifest.parent).toBe(before?.version)
        expect(await announced(broker)).toMatchObject({ version: outcome.manifest.version, watermark: set.asOf })
        versions.push(outcome.manifest.version)
      }
      expect((await folder.list()).releases.map(({ version }) => version)).toEqual(versions.slice(-2))
    }))

  it('leaves in service what is better, and keeps the reasons', () =>
    withPlaces(async ({ folder, broker }) => {
      const options = { folder, broker, kernels: fakeKernels, keep: 2 }
      const good = await publishRelease(candidate(0.1), { ...options, inService: undefined })
      if (!good.published) throw new Error(good.gate.reasons.join())
      // As if the first had been trained before the cases happened.
      const loaded = await folder.load(good.manifest.version)
      const inService = { ...loaded, watermark: set.at[0]! }
      const bad = await publishRelease(candidate(1.5), { ...options, inService })
      expect(bad.published).toBe(false)
      expect((await announced(broker))!.version).toBe(good.manifest.version)
      expect((await folder.list()).releases).toHaveLength(1)
      const [refusal] = await folder.refusals()
      expect(refusal!.gate.reasons.join()).toContain(good.manifest.version)
    }))

  it('refuses what has diverged without building anything of it', () =>
    withPlaces(async ({ folder, broker }) => {
      const spoilt = candidate(0.3)
      spoilt.models.get('two-tower')!.tensors.get('items')!.data[3] = Number.POSITIVE_INFINITY
      const options = { folder, broker, inService: undefined, kernels: fakeKernels, keep: 2 }
      expect(await publishRelease(spoilt, options)).toMatchObject({ published: false })
      expect(await announced(broker)).toBeUndefined()
    }))

  it('reads the announcement that came last, whatever else is on the topic', () =>
    withPlaces(async ({ broker }) => {
      await announce(broker, { version: 'v1', watermark: 1 })
      await broker.produce('releases', [{ key: 'recommender', value: Buffer.from('not JSON') }])
      await announce(broker, { version: 'v2', watermark: 2 })
      const other = { name: 'someone-else', version: 'v9', at: 1 }
      await broker.produce('releases', [{ key: 'someone-else', value: Buffer.from(JSON.stringify(other)) }])
      expect(await announced(broker)).toMatchObject({ version: 'v2' })
    }))
})
