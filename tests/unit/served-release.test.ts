import { expect, it } from 'vitest'
import { putBlendWeights } from '../../src/models/blend-weights.ts'
import type { ModelKernels } from '../../src/models/model-kernels.ts'
import type { ModelName } from '../../src/models/model-name.ts'
import type { Tensor, Tensors } from '../../src/models/tensors.ts'
import { ItemIndex } from '../../src/retrieval/online/item-index.ts'
import { serveExactly } from '../../src/retrieval/serve-exactly.ts'

const VECTORS = [
  [3, 4],
  [6, 8],
  [-4, 3],
  [0, 0],
]

/** A model whose query is the vector of the latest item, or of nothing but the user's age. */
function served() {
  const items = Float32Array.from(VECTORS.flat())
  const kernels: Partial<ModelKernels> = {
    queryModel: () => ({
      dimensions: 2,
      items,
      query({ item, length, attributes }, into) {
        if (length === 0 && !attributes) return false
        into.set(length > 0 ? VECTORS[item[length - 1]!]! : [Number(attributes!.age), 0])
        return true
      },
    }),
    itemTower: () => ({
      dimensions: 2,
      embed(_, into) {
        into.set([0, 2])
        return true
      },
    }),
  }
  const tensors = new Map([['items', { shape: [VECTORS.length, 2], data: items }]])
  const models = new Map([
    ['sequence', tensors],
    ['two-tower', tensors],
  ] as const)
  const index = new ItemIndex()
  // Indexes of the process differ from those of the vocabulary.
  index.index('unknown to the release')
  const released = { version: 'r1', itemIds: ['a', 'b', 'c', 'd'], watermark: 0, models }
  return serveExactly(released, index, kernels as ModelKernels)
}

it('blends by what the ranker that orders has learned sources to weigh, which is the network that attends where there is one', () => {
  const kernels: Partial<ModelKernels> = { pairScores: () => undefined as never }
  const weightsOf = (...rankers: [ModelName, Tensors][]) => {
    const released = { version: 'r1', itemIds: ['a'], watermark: 0, models: new Map(rankers) }
    return serveExactly(released, new ItemIndex(), kernels as ModelKernels).blendWeights
  }
  const weighing = (weight: number) => {
    const tensors = new Map<string, Tensor>([['item/blend', { shape: [1], data: Float32Array.of(1) }]])
    putBlendWeights(new Map([['co-visitation', weight]]), tensors)
    return tensors
  }
  const onNetwork = new Map([...weighing(3)].map(([name, tensor]) => [`network/${name}`, tensor]))
  expect(weightsOf()).toEqual(new Map())
  expect(weightsOf(['ranker', weighing(2)])).toEqual(new Map([['co-visitation', 2]]))
  expect(weightsOf(['ranker', weighing(2)], ['din', onNetwork])).toEqual(new Map([['co-visitation', 3]]))
  expect(weightsOf(['din', onNetwork])).toEqual(new Map([['co-visitation', 3]]))
})

it('scores items by the inner product with what the model makes of the history', () => {
  const history = [{ item: 1, kind: 0, value: 4, at: 0 }]
  expect([...served().scores('sequence', [2, 3, 0], { history, now: 1 })!]).toEqual([50, 0, Number.NEGATIVE_INFINITY])
})

it('says how alike items are by the cosine, whatever their lengths, and nothing of what it does not know', () => {
  const cosines = served().cosines('sequence', 1, [1, 2, 3, 4, 0])!
  expect(cosines[0]).toBeCloseTo(1, 6)
  expect(cosines[1]).toBeCloseTo(1, 6)
  expect([...cosines.slice(2)]).toEqual([0, 0, 0])
  expect(served().cosines('sequence', 0, [1])).toBeUndefined()
  expect(served().cosines('item-cf', 1, [1])).toBeUndefined()
})

it('places an item that came after the training by its content, in the space of the two towers and in no other', () => {
  const release = served()
  expect(release.put({ itemId: 'new', title: 'New' })).toBe(true)
  const history = [{ item: 1, kind: 0, value: 4, at: 0 }]
  expect([...release.scores('two-tower', [5], { history, now: 1 })!]).toEqual([8])
  expect([...release.scores('sequence', [5], { history, now: 1 })!]).toEqual([Number.NEGATIVE_INFINITY])
  expect(release.cosines('two-tower', 5, [1])![0]).toBeCloseTo(0.8, 6)
  expect(release.cosines('sequence', 5, [1])).toBeUndefined()
})

it('asks about whose history it is, and about nobody of whom nothing is known', () => {
  const release = served()
  const user = { profile: { userId: 'u', attributes: { age: '2' } } }
  expect([...release.scores('two-tower', [1, 2], { history: [], user, now: 1 })!]).toEqual([6, 12])
  expect(release.search('two-tower', { history: [], user, now: 1 }, 2)!.labels).toEqual([1, 0])
  expect(release.search('two-tower', { history: [], user: { profile: undefined }, now: 1 }, 2)).toBeUndefined()
  expect(release.scores('two-tower', [1], { history: [], now: 1 })).toBeUndefined()
})
