import { expect, it } from 'vitest'
import type { ReleasedModels } from '../../src/models/released-models.ts'
import { unseenCandidates } from '../../src/ranking/candidate-ranker.ts'
import { FeatureReader } from '../../src/ranking/features.ts'
import { ItemContent } from '../../src/ranking/item-content.ts'
import { Ranker } from '../../src/ranking/ranker.ts'
import { type Scored, SOURCES } from '../../src/retrieval/retriever.ts'
import { LiveReplica } from '../../src/training/live-replica.ts'
import { rankerTrainer } from '../../src/training/ranker-trainer.ts'
import { plantedTrainingSet } from '../fakes/planted-training-set.ts'

const set = plantedTrainingSet({ users: 30, items: 30, events: 7 })
const names = SOURCES.map(({ name }) => name)
const NOW = 1e12
const NEW = { userId: 'new', attributes: { ageGroup: '25-34' } }

/** Two people have watched i0 to i3, one more i0 alone; then someone has watched i0. */
async function replica() {
  const items = set.items.flatMap((item) => item ?? [])
  const live = await LiveReplica.open({ items, users: [NEW], partitions: 2 })
  const visits = ['a', 'b'].flatMap((userId) => [0, 1, 2, 3].map((item) => [userId, `i${item}`] as const))
  for (const [index, [userId, itemId]] of [...visits, ['c', 'i0'] as const, ['me', 'i0'] as const].entries()) {
    await live.push({ eventId: `${index}`, userId, itemId, kind: 'like', at: NOW + 1000 * index })
  }
  return live
}

it('candidates of a moment are what retrieval said then, without what the user had seen', async () => {
  const live = await replica()
  const scored = await live.ask('me', NOW + 60_000)
  const candidates = unseenCandidates(scored).map((item) => live.items.id(item))
  expect(candidates[0]).toBe('i1')
  expect(candidates).not.toContain('i0')
})

it('a profile is known of who has not been met yet', async () => {
  const live = await replica()
  const { context } = await live.ask('new', NOW + 60_000)
  expect(context.history).toEqual([])
  expect(context.user!.profile).toEqual(NEW)
  expect((await live.ask('me', NOW + 60_000)).context.user!.profile).toBeUndefined()
})

it('features of a candidate are named, and every source is one of them', async () => {
  const live = await replica()
  const scored = await live.ask('me', NOW + 60_000)
  const candidates = ['i1', 'i3', 'i20'].map((id) => live.items.find(id))
  const reader = new FeatureReader(names, new ItemContent(live.items, live.catalogue))
  const { items, context } = reader.read(scored, candidates)
  for (const name of names) expect(reader.names).toContain(name)
  const of = (name: string, row: number) => items[row * reader.names.length + reader.names.indexOf(name)]!
  // The best of the list has log(1 + FLOOR), what has nothing log(FLOOR).
  for (const name of ['blend', 'co-visits-1', 'co-visitation', 'session-knn']) {
    expect(of(name, 0)).toBeCloseTo(Math.log(1.001), 3)
    expect(of(name, 1)).toBeLessThan(of(name, 0))
    expect(of(name, 2)).toBeCloseTo(Math.log(0.001), 3)
  }
  expect(of('co-visits-2', 0)).toBe(of('co-visits-2', 2))
  expect(of('visits', 0)).toBeCloseTo(Math.log(3), 5)
  expect(of('genres-of-last', 0)).toBe(1)
  expect(of('genres-of-last', 2)).toBe(0)
  expect(of('year-from-last', 1)).toBeCloseTo(0.3, 5)
  const gap = context[reader.contextNames.indexOf('gap')]!
  expect(gap).toBeCloseTo(Math.log1p((60_000 - 9_000) / 1000), 4)
})

it('training makes of the log a ranker that beats the order of the blend, measured before each example is learned', async () => {
  const steps: number[] = []
  const options = { seed: 1, budgetSeconds: 600, onProgress: ({ step }: { step: number }) => steps.push(step) }
  const { tensors, metrics } = await rankerTrainer({ partitions: 2 }).train(set, options)
  expect(metrics.examples).toBeGreaterThan(100)
  expect(metrics['HR@10']).toBeGreaterThanOrEqual(metrics['HR@10 of the blend']!)
  expect(metrics['HR@10']).toBeGreaterThan(0.5)
  expect(metrics['NDCG@10']).toBeLessThanOrEqual(metrics['HR@10']!)
  expect(steps).toEqual([200])
  for (const name of names) expect([...tensors.keys()]).toContain(`item/${name}`)
  // What everyone takes in these histories is known by what goes together, not by what is popular.
  const weightOf = (name: string) => tensors.get(`source/${name}`)!.data[0]!
  expect(weightOf('session-knn')).toBeGreaterThan(weightOf('popular'))
  expect(tensors.get('source/fresh')).toBeUndefined()
  const live = await replica()
  const scored = await live.ask('me', NOW + 60_000)
  const ranker = new Ranker(tensors, new FeatureReader(names, new ItemContent(live.items, live.catalogue)))
  const { items, logits } = ranker.rank(scored, unseenCandidates(scored))
  expect(live.items.id(items[0]!)).toBe('i1')
  expect(logits).toEqual([...logits].sort((a, b) => b - a))
  const [strongest, ...others] = ranker.explain(scored, items, items[0]!)
  expect(strongest![1]).toBeGreaterThan(0)
  expect(others.every(([, logit]) => Math.abs(logit) <= strongest![1])).toBe(true)
})

it('training is the same for the same seed, and from an earlier release goes on with the events since', async () => {
  const few = plantedTrainingSet({ users: 10, items: 30, events: 6 })
  const first = await rankerTrainer({ partitions: 2 }).train(few, { seed: 1, budgetSeconds: 600 })
  const previous = { tensors: first.tensors, itemIds: set.itemIds }
  const since = [...few.at].sort((a, b) => a - b)[few.at.length - 20]!
  const second = await rankerTrainer({ partitions: 2 }).train(few, { seed: 1, budgetSeconds: 600, previous, since })
  expect(second.metrics.examples).toBeGreaterThan(0)
  expect(second.metrics.examples).toBeLessThan(20)
  expect(second.tensors).not.toEqual(first.tensors)
  const again = await rankerTrainer({ partitions: 2 }).train(few, { seed: 1, budgetSeconds: 600 })
  expect(again.tensors).toEqual(first.tensors)
})

it('training ends with the reason when it is aborted', async () => {
  const reason = new Error('enough')
  const signal = AbortSignal.abort(reason)
  await expect(rankerTrainer().train(set, { seed: 1, budgetSeconds: 600, signal })).rejects.toBe(reason)
})

/** Models that think nothing but of i5, as of a time. */
function modelsAsOf(watermark: number): ReleasedModels {
  const shape = [set.itemIds.length, 1]
  const column = (value: number) => ({ shape, data: new Float32Array(set.itemIds.length).fill(value) })
  const one = { shape: [1], data: Float32Array.of(1) }
  const neighbours = column(set.itemIds.indexOf('i5'))
  const lists = new Map([...Object.entries({ neighbours, weights: column(1), window: one, decay: one })])
  return { version: 'test', itemIds: set.itemIds, models: new Map([['item-cf', lists]]), watermark }
}

it('models take part in examples of what came after them, and are refused for what they may remember', async () => {
  const live = await replica()
  const said = (scored: Scored) => {
    const { scores } = scored.proposals[names.indexOf('trained-item-cf')]!
    return [...scores.items].map((item) => live.items.id(item))
  }
  const event = { userId: 'me', at: NOW + 60_000 }
  expect(said(await live.example(event))).toEqual([])
  live.serve(modelsAsOf(NOW + 50_000))
  expect(said(await live.example(event))).toEqual(['i5'])
  live.serve(modelsAsOf(NOW + 60_001))
  expect(() => live.example(event)).toThrow(expect.objectContaining({ code: 'INTERNAL' }))
})

it('training serves the models from their watermark on, and learns what they are worth', async () => {
  const times = [...set.at].sort((a, b) => a - b)
  const retrieval = modelsAsOf(times[Math.floor(times.length / 2)]!)
  const options = { seed: 1, budgetSeconds: 600 }
  const without = await rankerTrainer({ partitions: 2 }).train(set, options)
  const { tensors, metrics } = await rankerTrainer({ partitions: 2 }).train(set, { ...options, retrieval })
  expect(metrics.examples).toBe(without.metrics.examples)
  const scaleOf = (of: typeof tensors) => of.get('item/trained-item-cf')!.data[0]
  expect(scaleOf(without.tensors)).toBe(0)
  expect(scaleOf(tensors)).toBeGreaterThan(0)
})
