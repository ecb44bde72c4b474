import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { HnswlibVectorIndex, loadHnswlib } from '../../src/vector-index/hnswlib-vector-index.ts'
import { clusteredVectors, vectorIndexSuite } from './vector-index.suite.ts'

const library = await loadHnswlib()
const folder = mkdtempSync(join(tmpdir(), 'tributary-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe.skipIf(!library)('with hnswlib installed', () => {
  vectorIndexSuite('hnswlib', {
    create: (dimensions) => HnswlibVectorIndex.create(library!, { dimensions, efSearch: 200 }),
  })

  it('answers after loading as before saving, as thorough, and takes more', async () => {
    const path = join(folder, 'saved.hnsw')
    const options = { dimensions: 16, efSearch: 150 }
    const index = HnswlibVectorIndex.create(library!, options)
    const vectors = clusteredVectors(1500, 16, 4)
    for (const [label, one] of vectors.entries()) index.add(label, one)
    await index.save(path)
    const loaded = await HnswlibVectorIndex.load(library!, path, options)
    expect(loaded.efSearch).toBe(150)
    for (const query of clusteredVectors(20, 16, 5)) expect(loaded.search(query, 40)).toEqual(index.search(query, 40))
    loaded.search(vectors[0]!, 1000)
    expect(loaded.efSearch).toBe(150)
    loaded.add(
      1500,
      vectors[0]!.map((number) => 10 * number),
    )
    expect(loaded.search(vectors[0]!, 1).labels).toEqual([1500])
    index.close()
    loaded.close()
  })

  it('builds the same graph of the same vectors', () => {
    const vectors = clusteredVectors(500, 8, 6)
    const [one, other] = [1, 2].map(() => {
      const index = HnswlibVectorIndex.create(library!, { dimensions: 8, efSearch: 10 })
      for (const [label, vector] of vectors.entries()) index.add(label, vector)
      return index
    })
    for (const query of vectors.slice(0, 50)) expect(one!.search(query, 10)).toEqual(other!.search(query, 10))
  })

  it.each([
    ['is not there', undefined],
    ['holds something else', 'not an index'],
  ])('says so when a file %s', async (what, content) => {
    const path = join(folder, `${what}.hnsw`)
    if (content) writeFileSync(path, content)
    await expect(HnswlibVectorIndex.load(library!, path, { dimensions: 4, efSearch: 10 })).rejects.toMatchObject({
      code: 'CORRUPT',
      message: expect.stringContaining(path),
    })
  })
})
