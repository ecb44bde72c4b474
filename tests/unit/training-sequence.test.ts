import { beforeAll, describe, expect, it } from 'vitest'
import { queryModel } from '../../src/kernels/query-models.ts'
import type { TrainProgress } from '../../src/models/model-trainer.ts'
import { Random } from '../../src/random.ts'
import { Dropout } from '../../src/training/dropout.ts'
import { makeParameters, readParameters } from '../../src/training/parameters.ts'
import { batchOf } from '../../src/training/sequence-batches.ts'
import { SequenceModel, sequenceParameters } from '../../src/training/sequence-model.ts'
import { SEQUENCE_RECIPE, sequenceTrainer } from '../../src/training/sequence-trainer.ts'
import { openBackend } from '../../src/training/tensorflow.ts'
import { plantedTrainingSet } from '../fakes/planted-training-set.ts'

const SMALL = {
  ...SEQUENCE_RECIPE,
  leastSteps: 0,
  width: 16,
  hidden: 16,
  window: 8,
  batchSize: 64,
  epochs: 24,
  learningRate: 1e-2,
  dropout: 0.1,
}
const set = plantedTrainingSet({ users: 40, items: 20 })
/** Training on a machine that is busy with other things. */
const SLOW_MS = 120_000
const OPTIONS = { seed: 3, budgetSeconds: 600 }

// One thread without a pool: quick in small steps, whatever else the machine does.
beforeAll(() => openBackend('wasm'))

describe('the sequence model', () => {
  it(
    'learns what comes next, where popularity knows nothing',
    async () => {
      const losses: number[] = []
      const onProgress = ({ loss }: TrainProgress) => losses.push(loss)
      const { metrics, tensors } = await sequenceTrainer(SMALL).train(set, { ...OPTIONS, onProgress })
      expect(losses.at(-1)).toBeLessThan(0.8 * losses[0]!)
      expect(metrics['NDCG@10']).toBeGreaterThan(0.9)
      expect(tensors.get('items')!.shape).toEqual([set.itemIds.length, SMALL.width])
    },
    SLOW_MS,
  )

  it('comes out the same for the same seed', async () => {
    const recipe = { ...SMALL, epochs: 2 }
    const [a, b] = [
      await sequenceTrainer(recipe).train(set, OPTIONS),
      await sequenceTrainer(recipe).train(set, OPTIONS),
    ]
    expect(a.tensors.get('items')!.data).toEqual(b.tensors.get('items')!.data)
    const other = await sequenceTrainer(recipe).train(set, { ...OPTIONS, seed: 4 })
    expect(other.tensors.get('items')!.data).not.toEqual(a.tensors.get('items')!.data)
  })

  it('stops when it is told to, with the reason', async () => {
    const stop = new AbortController()
    const reason = new Error('enough')
    const training = sequenceTrainer({ ...SMALL, epochs: 1e6 }).train(set, {
      ...OPTIONS,
      signal: stop.signal,
      onProgress: () => stop.abort(reason),
    })
    await expect(training).rejects.toBe(reason)
  })

  it('goes on from an earlier release, item by item, where nothing is new as it was', async () => {
    const first = await sequenceTrainer({ ...SMALL, epochs: 2 }).train(set, OPTIONS)
    const itemIds = ['new', ...set.itemIds]
    const grown = { ...set, itemIds, items: [undefined, ...set.items], item: set.item.map((item) => item + 1) }
    const previous = { tensors: first.tensors, itemIds: set.itemIds }
    const next = await sequenceTrainer(SMALL).train(grown, { ...OPTIONS, previous, since: set.asOf })
    expect(next.tensors.get('items')!.data.subarray(SMALL.width)).toEqual(first.tensors.get('items')!.data)
    expect(next.tensors.get('0.attention.in')!.data).toEqual(first.tensors.get('0.attention.in')!.data)
  })

  it('answers the same in the kernel that serves', () => {
    const settings = { ...SMALL, width: 24, heads: 3, blocks: 3, hidden: 20 }
    const random = new Random(5)
    const initials = Object.entries(sequenceParameters(set.itemIds.length, settings)).map(
      ([name, initial]) => [name, { ...initial, deviation: 0.3 }] as const,
    )
    const parameters = makeParameters(Object.fromEntries(initials), random, set.itemIds)
    const model = new SequenceModel(parameters, settings, new Dropout(0, random))
    const heads = { shape: [1], data: Float32Array.of(settings.heads) }
    const kernel = queryModel('sequence', new Map([...readParameters(parameters), ['heads', heads]]))!
    const into = new Float32Array(kernel.dimensions)
    for (const length of [1, 5, 8, 11]) {
      const windows = [{ from: Math.max(0, length - settings.window), to: length }]
      const expected = model.queries(batchOf(set, windows, true)).dataSync()
      const history = {
        length,
        item: Int32Array.from(set.item.subarray(0, length)),
        kind: set.kind.subarray(0, length),
        value: set.value.subarray(0, length),
        at: set.at.subarray(0, length),
        now: set.at[length]!,
      }
      expect(kernel.query(history, into)).toBe(true)
      for (let i = 0; i < into.length; i++) expect(Math.abs(into[i]! - expected[i]!)).toBeLessThan(1e-4)
    }
  })

  it('begins with a query that leans to all that was met, before any training', () => {
    const random = new Random(5)
    const parameters = makeParameters(sequenceParameters(set.itemIds.length, SMALL), random, set.itemIds)
    const heads = { shape: [1], data: Float32Array.of(SMALL.heads) }
    const kernel = queryModel('sequence', new Map([...readParameters(parameters), ['heads', heads]]))!
    const query = (item: number[]) => {
      const into = new Float32Array(kernel.dimensions)
      const length = item.length
      const at = Float64Array.from(item, (_, i) => 1e12 + 1000 * i)
      const value = new Float32Array(length).fill(4)
      kernel.query({ length, item: Int32Array.from(item), kind: new Uint8Array(length), value, at, now: 1.1e12 }, into)
      return into
    }
    // The same but for two events some way back.
    const [a, b] = [query([1, 2, 3, 4]), query([5, 6, 3, 4])]
    const { items, dimensions } = kernel
    let [along, difference, lean] = [0, 0, 0]
    for (let i = 0; i < dimensions; i++) {
      const of = (item: number) => items[item * dimensions + i]!
      const met = of(1) + of(2) - of(5) - of(6)
      along += met * (a[i]! - b[i]!)
      difference += (a[i]! - b[i]!) ** 2
      lean += met ** 2
    }
    expect(along / Math.sqrt(difference * lean)).toBeGreaterThan(0.7)
  })

  it('has nothing to say about a history without a known item', () => {
    const tensors = makeParameters(sequenceParameters(4, SMALL), new Random(1), ['a', 'b', 'c', 'd'])
    const heads = { shape: [1], data: Float32Array.of(SMALL.heads) }
    const kernel = queryModel('sequence', new Map([...readParameters(tensors), ['heads', heads]]))!
    const history = {
      length: 1,
      item: Int32Array.of(-1),
      kind: Uint8Array.of(0),
      value: Float32Array.of(4),
      at: Float64Array.of(1),
      now: 2,
    }
    expect(kernel.query(history, new Float32Array(kernel.dimensions))).toBe(false)
  })
})
