import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { buildIndexes } from '../../src/releases/build-indexes.ts'
import { newVersion, ReleaseFolder } from '../../src/releases/release-folder.ts'
import type { ReleaseDraft } from '../../src/releases/write-release.ts'
import { loadHnswlib } from '../../src/vector-index/hnswlib-vector-index.ts'
import { topicalModel, topicalNeighbours } from '../fakes/fake-models.ts'
import { temporaryFolder } from './temporary-folder.ts'

const library = await loadHnswlib()

const ITEMS = 40

/** @param exactUpTo vectors of which there is no graph */
async function draft(version: string, exactUpTo = 0): Promise<ReleaseDraft> {
  const models = new Map([
    ['two-tower' as const, { ...topicalModel(ITEMS), trainingSeconds: 1 }],
    ['item-cf' as const, { ...topicalNeighbours(ITEMS), trainingSeconds: 2 }],
  ])
  return {
    version,
    createdAt: 1,
    watermark: 12345,
    itemIds: Array.from({ length: ITEMS }, (_, i) => `i${i}`),
    models,
    indexes: await buildIndexes(
      new Map([...models].map(([name, { tensors }]) => [name, tensors])),
      () => [],
      exactUpTo,
    ),
    gate: { passed: true, leftOut: [], reasons: [], measures: { 'two-tower/Recall@100': 0.5 } },
  }
}

async function folderWith(...versions: string[]): Promise<ReleaseFolder> {
  const folder = new ReleaseFolder(join(temporaryFolder(), 'releases'))
  for (const version of versions) await folder.write(await draft(version))
  return folder
}

describe('a folder of releases', () => {
  it('is empty before there is anything', async () => {
    expect(await (await folderWith()).list()).toEqual({ releases: [], unreadable: [] })
  })

  it('gives back what was written, to the last bit, with an index that finds', async () => {
    const folder = await folderWith('v1')
    const loaded = await folder.load('v1')
    const written = await draft('v1')
    expect(loaded).toMatchObject({ version: 'v1', watermark: 12345, itemIds: written.itemIds })
    for (const [name, { tensors }] of written.models) expect(loaded.models.get(name)).toEqual(tensors)
    const query = written.models.get('two-tower')!.tensors.get('items')!.data.subarray(0, 16)
    const index = loaded.indexes.get('two-tower')!
    expect(index.size).toBe(ITEMS)
    expect(index.search(query, 10)).toEqual(written.indexes.get('two-tower')!.search(query, 10))
    expect(loaded.manifest.models['two-tower']).toMatchObject({ metrics: { loss: 0.3 }, trainingSeconds: 1 })
  })

  it('lists the oldest first, and names what it cannot read', async () => {
    const folder = await folderWith('v2', 'v1', 'v3')
    writeFileSync(join(folder.path, 'v2', 'manifest.json'), '{')
    const { releases, unreadable } = await folder.list()
    expect(releases.map(({ version }) => version)).toEqual(['v1', 'v3'])
    expect(unreadable).toEqual([{ version: 'v2', reason: expect.stringContaining('v2') }])
  })

  it.each<[string, (path: string) => void]>([
    ['a bit of the weights has flipped', (path) => flip(join(path, 'two-tower.safetensors'))],
    ['a bit of the vocabulary has flipped', (path) => flip(join(path, 'vocabulary.json'))],
    ['a file is cut short', (path) => truncateSync(join(path, 'item-cf.safetensors'), 100)],
    ['a file is longer', (path) => appendFileSync(join(path, 'two-tower.safetensors'), 'x')],
    ['a file is gone', (path) => rmSync(join(path, 'vocabulary.json'))],
    ['the manifest is that of another one', (path) => edit(path, (text) => text.replace('"v1"', '"v0"'))],
    ['the manifest is of a format to come', (path) => edit(path, (text) => text.replace('"format": 1', '"format": 2'))],
    ['the manifest lacks a file', (path) => edit(path, (text) => text.replaceAll('vocabulary.json', 'other.json'))],
  ])('refuses to load where %s, and says which release and what', (_, harm) => refused(harm))

  it.skipIf(!library)('refuses to load where a bit of the index has flipped, and says which release and what', () =>
    refused((path) => flip(join(path, 'two-tower.hnsw'))),
  )

  it('has no graph of a few items: each is compared, and the answer is the same', async () => {
    const folder = await folderWith()
    await folder.write(await draft('v1', ITEMS))
    expect(readdirSync(join(folder.path, 'v1')).filter((file) => file.endsWith('.hnsw'))).toEqual([])
    const query = topicalModel(ITEMS).tensors.get('items')!.data.subarray(0, 16)
    const { labels } = (await folder.load('v1')).indexes.get('two-tower')!.search(query, 5)
    expect(labels).toEqual((await draft('v2')).indexes.get('two-tower')!.search(query, 5).labels)
  })

  async function refused(harm: (path: string) => void): Promise<void> {
    const folder = await folderWith('v1')
    harm(join(folder.path, 'v1'))
    await expect(folder.load('v1')).rejects.toMatchObject({ code: 'CORRUPT', message: expect.stringContaining('v1') })
  }

  it('says that a release is not there, as something that may still come', async () => {
    const folder = await folderWith('v1')
    await expect(folder.load('v2')).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('v2'),
    })
  })

  it('keeps the newest, and the one in service however old', async () => {
    const folder = await folderWith('v1', 'v2', 'v3', 'v4', 'v5')
    expect(await folder.prune(2, 'v2')).toEqual(['v1', 'v3'])
    expect(readdirSync(folder.path).sort()).toEqual(['v2', 'v4', 'v5'])
    expect(await folder.prune(5, 'v2')).toEqual([])
  })

  it('does not show what a writer has left undone, and clears it away when it is old', async () => {
    const folder = await folderWith('v1')
    const [old, fresh] = ['.writing-v0', '.writing-v2'].map((name) => join(folder.path, name))
    for (const path of [old!, fresh!]) mkdirSync(path)
    utimesSync(old!, new Date(0), new Date(0))
    expect((await folder.list()).releases.map(({ version }) => version)).toEqual(['v1'])
    await folder.write(await draft('v3'))
    expect(readdirSync(folder.path).sort()).toEqual(['.writing-v2', 'v1', 'v3'])
  })

  it('keeps why releases were refused, the latest ones', async () => {
    const folder = await folderWith('v1')
    const gate = { passed: false, leftOut: [], reasons: ['two-tower: worse'], measures: {} }
    for (let n = 10; n < 25; n++) await folder.refuse({ version: `r${n}`, createdAt: 1, watermark: 2, gate })
    const refusals = await folder.refusals()
    expect(refusals.map(({ version }) => version)).toEqual(Array.from({ length: 10 }, (_, i) => `r${15 + i}`))
    expect(refusals[0]!.gate.reasons).toEqual(['two-tower: worse'])
    expect((await folder.list()).releases).toHaveLength(1)
  })

  it('names releases so that later ones sort behind', () => {
    const names = [1e12, 1e12 + 1, 1.7e12].map((now) => newVersion(['a'], now))
    expect(names.toSorted()).toEqual(names)
    expect(new Set([newVersion([], 5), newVersion([], 5)]).size).toBe(2)
  })
})

function flip(path: string): void {
  const bytes = readFileSync(path)
  bytes[Math.floor(bytes.length / 2)]! ^= 1
  writeFileSync(path, bytes)
}

function edit(release: string, change: (text: string) => string): void {
  const path = join(release, 'manifest.json')
  writeFileSync(path, change(readFileSync(path, 'utf8')))
}
