import { expect, it } from 'vitest'
import { holdOut } from '../../src/releases/holdout.ts'
import { calibrate, probeOf, probesOf, RECALL_K, recallOf } from '../../src/releases/index-recall.ts'
import { ExactVectorIndex } from '../../src/vector-index/exact-vector-index.ts'
import { HnswlibVectorIndex, loadHnswlib } from '../../src/vector-index/hnswlib-vector-index.ts'
import { clusteredVectors } from '../contract/vector-index.suite.ts'
import { fakeKernels, topicalModel, topicalSet } from '../fakes/fake-models.ts'

const library = await loadHnswlib()
const DIMENSIONS = 16
const vectors = clusteredVectors(3_000, DIMENSIONS, 1)
const exact = new ExactVectorIndex(DIMENSIONS)
for (const [label, vector] of vectors.entries()) exact.add(label, vector)
const [toSet, toMeasure] = [2, 3].map((seed) =>
  clusteredVectors(100, DIMENSIONS, seed).map((query) => probeOf(query, exact)),
) as [ReturnType<typeof probeOf>[], ReturnType<typeof probeOf>[]]

/** Built carelessly: it finds little, unless it looks at many. */
function graph(efSearch: number): HnswlibVectorIndex {
  const index = HnswlibVectorIndex.create(library!, { dimensions: DIMENSIONS, efSearch, efConstruction: 40 })
  for (const [label, vector] of vectors.entries()) index.add(label, vector)
  return index
}

it.skipIf(!library)(
  'an index that finds too little looks at more, until it finds enough for other queries, too',
  () => {
    const index = graph(RECALL_K)
    expect(recallOf(index, toMeasure)).toBeLessThan(0.97)
    calibrate(index, toSet)
    expect(index.efSearch).toBeGreaterThan(RECALL_K)
    expect(recallOf(index, toSet)).toBeGreaterThanOrEqual(0.99)
    expect(recallOf(index, toMeasure)).toBeGreaterThanOrEqual(0.98)
  },
)

it.skipIf(!library)('one that finds enough, or that nobody asks anything, stays as quick as it is', () => {
  const index = graph(1_500)
  calibrate(index, toSet)
  expect(index.efSearch).toBe(1_500)
  const unasked = graph(RECALL_K)
  calibrate(unasked, [])
  expect(unasked.efSearch).toBe(RECALL_K)
  expect(recallOf(unasked, [])).toBeUndefined()
})

it('the queries that an index is set by are not those that it is measured with', () => {
  const { set, cases } = holdOut(topicalSet(), 21)
  const model = fakeKernels.queryModel('two-tower', topicalModel(set.itemIds.length).tensors)!
  const [one, other] = [probesOf(model, cases, 'to set'), probesOf(model, cases, 'to measure')]
  expect([one.length, other.length]).toEqual([10, 11])
  const texts = new Set(one.map(({ query }) => query.join()))
  expect(other.filter(({ query }) => texts.has(query.join()))).toEqual([])
  expect(recallOf(new ExactVectorIndex(model.dimensions), one)).toBe(0)
})
