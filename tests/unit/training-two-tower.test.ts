import { beforeAll, describe, expect, it } from 'vitest'
import { innerProduct } from '../../src/inner-product.ts'
import { CONTENT_FEATURES } from '../../src/kernels/item-content.ts'
import { itemTower } from '../../src/kernels/item-tower.ts'
import { itemTraits, TRAITS } from '../../src/kernels/item-traits.ts'
import { profileFeatures } from '../../src/kernels/profile-features.ts'
import { queryModel } from '../../src/kernels/query-models.ts'
import { Random } from '../../src/random.ts'
import { Dropout } from '../../src/training/dropout.ts'
import { makeParameters, readParameters } from '../../src/training/parameters.ts'
import { openBackend } from '../../src/training/tensorflow.ts'
import { candidateBatch, queryBatch } from '../../src/training/two-tower-batches.ts'
import { TwoTowerModel, twoTowerParameters } from '../../src/training/two-tower-model.ts'
import { TWO_TOWER_RECIPE, twoTowerTrainer } from '../../src/training/two-tower-trainer.ts'
import { plantedTrainingSet } from '../fakes/planted-training-set.ts'

const SMALL = {
  ...TWO_TOWER_RECIPE,
  leastSteps: 0,
  width: 16,
  pools: 2,
  hidden: 16,
  window: 8,
  batchSize: 128,
  negatives: 8,
  epochs: 12,
  learningRate: 1e-2,
}
const set = plantedTrainingSet({ users: 40, items: 20 })
/** Training on a machine that is busy with other things. */
const SLOW_MS = 120_000
const OPTIONS = { seed: 3, budgetSeconds: 600 }
const NOTHING = {
  length: 0,
  item: new Int32Array(),
  kind: new Uint8Array(),
  value: new Float32Array(),
  at: new Float64Array(),
  now: 1e12,
}

// One thread without a pool: quick in small steps, whatever else the machine does.
beforeAll(() => openBackend('wasm'))

describe('the two-tower model', () => {
  it(
    'learns what comes next, where popularity knows nothing, and places an item by its content alone',
    async () => {
      const { metrics, tensors } = await twoTowerTrainer(SMALL).train(set, OPTIONS)
      expect(metrics['HR@10']).toBeGreaterThan(0.9)
      const items = tensors.get('items')!
      expect(items.shape).toEqual([set.itemIds.length, SMALL.width])
      const tower = itemTower(tensors)
      const fresh = new Float32Array(tower.dimensions)
      expect(tower.embed({ itemId: 'new', title: 'Unheard of', genres: ['Western'] }, fresh)).toBe(true)
      const likeness = (from: number, to: number) => {
        let sum = 0
        for (let item = from; item < to; item++) {
          for (let i = 0; i < SMALL.width; i++) sum += fresh[i]! * items.data[item * SMALL.width + i]!
        }
        return sum
      }
      // The first half of the ring are Westerns.
      const half = set.itemIds.length / 2
      expect(likeness(0, half)).toBeGreaterThan(likeness(half, 2 * half))
    },
    SLOW_MS,
  )

  it(
    'learns it pair by pair, too',
    async () => {
      const { metrics } = await twoTowerTrainer({ ...SMALL, loss: 'pairwise' }).train(set, OPTIONS)
      expect(metrics['HR@10']).toBeGreaterThan(0.9)
    },
    SLOW_MS,
  )

  it('places an item that nobody has met as serving places a new one', async () => {
    const unmet = { itemId: 'unmet', title: 'Unheard of', genres: ['Musical'], year: 1991, actors: ['Nobody'] }
    const known = { ...set, itemIds: [...set.itemIds, 'unmet'], items: [...set.items, unmet] }
    const { tensors } = await twoTowerTrainer({ ...SMALL, epochs: 1 }).train(known, OPTIONS)
    const tower = itemTower(tensors)
    const vector = new Float32Array(tower.dimensions)
    expect(tower.embed(unmet, vector)).toBe(true)
    const row = tensors.get('items')!.data.subarray(set.itemIds.length * SMALL.width)
    for (let i = 0; i < vector.length; i++) expect(vector[i]).toBeCloseTo(row[i]!, 5)
  })

  it('places an item by the embedding that it brings along, and leaves out one from another model', async () => {
    const half = set.itemIds.length / 2
    const random = new Random(2)
    // Two kinds of items that nothing but their embeddings tells apart.
    const embedded = (kind: number) => [0, 1, 2].map((i) => 10 * Number(i === kind) + random.normal())
    const items = set.itemIds.map((itemId, i) => ({ itemId, title: 'Film', embedding: embedded(i < half ? 0 : 1) }))
    const { tensors } = await twoTowerTrainer(SMALL).train({ ...set, items }, OPTIONS)
    const tower = itemTower(tensors)
    const vectors = tensors.get('items')!.data
    const likeness = (embedding: number[], from: number) => {
      const fresh = new Float32Array(tower.dimensions)
      tower.embed({ itemId: 'new', title: 'Film', embedding }, fresh)
      let sum = 0
      for (let i = 0; i < half * SMALL.width; i++) sum += fresh[i % SMALL.width]! * vectors[from * SMALL.width + i]!
      return sum
    }
    expect(likeness([1, 0, 0], 0)).toBeGreaterThan(likeness([1, 0, 0], half))
    expect(likeness([0, 1, 0], half)).toBeGreaterThan(likeness([0, 1, 0], 0))
    expect(likeness([1, 0, 0, 0], 0)).toBe(likeness([0, 1, 0, 0], 0))
  })

  it('comes out the same for the same seed', async () => {
    const recipe = { ...SMALL, epochs: 2 }
    const [a, b] = [
      await twoTowerTrainer(recipe).train(set, OPTIONS),
      await twoTowerTrainer(recipe).train(set, OPTIONS),
    ]
    expect(a.tensors.get('items')!.data).toEqual(b.tensors.get('items')!.data)
  })

  it('answers the same in the kernel that serves, with profile or history or both', () => {
    const random = new Random(5)
    const initials = Object.entries(twoTowerParameters(set.itemIds.length, CONTENT_FEATURES, SMALL)).map(
      ([name, initial]) => [name, { ...initial, deviation: 0.3 }] as const,
    )
    const parameters = makeParameters(Object.fromEntries(initials), random, set.itemIds)
    const model = new TwoTowerModel(parameters, SMALL, new Dropout(0, random))
    const items = { shape: [set.itemIds.length, SMALL.width], data: new Float32Array(set.itemIds.length * SMALL.width) }
    const traits = { shape: [set.itemIds.length, TRAITS], data: itemTraits(set.items) }
    const tensors = new Map([...readParameters(parameters), ['items', items], ['traits', traits]])
    const kernel = queryModel('two-tower', tensors)!
    const into = new Float32Array(kernel.dimensions)
    const attributes = { gender: 'F', ageGroup: '25-34' }
    const profiles = [profileFeatures(attributes), ...set.userIds.slice(1).map(() => new Int32Array())]
    for (const [length, user] of [
      [1, 0],
      [5, 0],
      [8, 1],
      [11, 1],
      [0, 0],
    ] as const) {
      const from = set.starts[user]!
      const expected = model
        .queries(queryBatch(set, [{ user, target: from + length }], SMALL.window, traits.data, profiles), false)
        .dataSync()
      const history = {
        length,
        item: Int32Array.from(set.item.subarray(from, from + length)),
        kind: set.kind.subarray(from, from + length),
        value: set.value.subarray(from, from + length),
        at: set.at.subarray(from, from + length),
        now: set.at[from + length]!,
        attributes: user === 0 ? attributes : undefined,
      }
      expect(kernel.query(history, into)).toBe(true)
      for (let i = 0; i < into.length; i++) expect(Math.abs(into[i]! - expected[i]!)).toBeLessThan(1e-4)
    }
  })

  it(
    'asks by the profile where there is no history yet, and of profiles reads what many share',
    async () => {
      const many = plantedTrainingSet({ users: 160, items: 20 })
      const half = many.itemIds.length / 2
      // Who begins in the one half of the ring and who in the other is known; names are of one user each.
      const users = many.userIds.map((userId, user) => {
        const begins = many.item[many.starts[user]!]! < half ? 'early' : 'late'
        return { userId, attributes: { begins, name: userId } }
      })
      const { tensors } = await twoTowerTrainer(SMALL).train({ ...many, users }, OPTIONS)
      const { items, query, dimensions } = queryModel('two-tower', tensors)!
      const into = new Float32Array(dimensions)
      const early = (attributes: Record<string, string>) => {
        expect(query({ ...NOTHING, attributes }, into)).toBe(true)
        let sum = 0
        for (const item of many.itemIds.keys()) {
          sum += (item < half ? 1 : -1) * innerProduct(items, item * dimensions, into, 0, dimensions)
        }
        return sum
      }
      expect(early({ begins: 'early' })).toBeGreaterThan(1)
      expect(early({ begins: 'late' })).toBeLessThan(-1)
      expect(early({ begins: 'late', name: 'u3' })).toBe(early({ begins: 'late' }))
      expect(query(NOTHING, into)).toBe(false)
      const before = new Map([...tensors].filter(([name]) => name !== 'profile'))
      // A release of before profiles were read.
      expect(queryModel('two-tower', before)!.query({ ...NOTHING, attributes: { begins: 'late' } }, into)).toBe(false)
    },
    SLOW_MS,
  )

  it('takes nothing that the user had met for a negative, and corrects the others by how often they are drawn', () => {
    const content = { bags: set.items.map(() => ({ features: [], weights: [] })), features: CONTENT_FEATURES }
    const shares = new Float32Array(set.itemIds.length).fill(1 / 20)
    const target = 5
    const own = new Set(set.item.subarray(0, 12))
    const other = [...set.itemIds.keys()].find((item) => !own.has(item))!
    const negatives = { drawn: Int32Array.of(set.item[0]!, other), expected: new Float32Array(20).fill(0.5) }
    const batch = candidateBatch(set, [{ user: 0, target }], negatives, shares, content, 0, new Random(1))
    expect([...batch.items]).toEqual([set.item[target], set.item[0], other])
    expect(batch.offsets[0]).toBe(0)
    expect(batch.offsets[1]).toBeLessThan(-1e6)
    expect(batch.offsets[2]).toBeCloseTo(-Math.log(1 - Math.exp(-(1 / 20 + 0.5))), 5)
  })

  it('lets what the user meets later compete like anything else, such as what validation asks for', () => {
    const content = { bags: set.items.map(() => ({ features: [], weights: [] })), features: CONTENT_FEATURES }
    const [later, before] = [set.item[set.starts[1]! - 1]!, set.item[0]!]
    const negatives = { drawn: Int32Array.of(later, before), expected: new Float32Array(20).fill(0.5) }
    const batch = candidateBatch(set, [{ user: 0, target: 5 }], negatives, undefined, content, 0, new Random(1))
    expect(set.item.subarray(0, 6)).not.toContain(later)
    expect(batch.offsets[batch.items.indexOf(later)]).toBe(0)
    expect(batch.offsets[batch.items.indexOf(before)]).toBeLessThan(-1e6)
  })
})
