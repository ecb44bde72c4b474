import { expect, it } from 'vitest'
import { PairScoreTable } from '../../src/kernels/pair-score-table.ts'
import { unseenCandidates } from '../../src/ranking/candidate-ranker.ts'
import { DinRanker } from '../../src/ranking/din-ranker.ts'
import { FeatureReader } from '../../src/ranking/features.ts'
import { ItemContent } from '../../src/ranking/item-content.ts'
import { SOURCES } from '../../src/retrieval/retriever.ts'
import { DIN_RECIPE, dinTrainer } from '../../src/training/din-trainer.ts'
import { LiveReplica } from '../../src/training/live-replica.ts'
import { plantedTrainingSet } from '../fakes/planted-training-set.ts'

const set = plantedTrainingSet({ users: 30, items: 30, events: 7 })
const names = SOURCES.map(({ name }) => name)
const NOW = 1e12
const recipe = { ...DIN_RECIPE, width: 8, unit: 4, layer: 40, epochs: 4, batchSize: 8 }
const trainer = () => dinTrainer(2, recipe)

/** What a user who has watched i0, after two others i0 to i3, would be shown by a trained network. */
async function ranking(tensors: Awaited<ReturnType<ReturnType<typeof trainer>['train']>>['tensors']) {
  const items = set.items.flatMap((item) => item ?? [])
  const live = await LiveReplica.open({
    items,
    itemIds: set.itemIds,
    users: set.users,
    partitions: 2,
  })
  const visits = ['a', 'b'].flatMap((userId) => [0, 1, 2, 3].map((item) => [userId, `i${item}`] as const))
  for (const [index, [userId, itemId]] of [...visits, ['me', 'i0'] as const].entries()) {
    await live.push({ eventId: `${index}`, userId, itemId, kind: 'rating', value: 5, at: NOW + 1000 * index })
  }
  const scored = await live.ask('me', NOW + 60_000)
  const reader = new FeatureReader(names, new ItemContent(live.items, live.catalogue))
  const vocabulary = { vocabularyIndex: (item: number) => (item < set.itemIds.length ? item : -1) }
  const ranker = new DinRanker(tensors, new PairScoreTable(tensors), vocabulary, reader)
  return { scored, ranker, ranked: ranker.rank(scored, unseenCandidates(scored), { satisfaction: 0 }) }
}

it('training makes of the log a network that finds what comes next, measured on later examples than it has learned', async () => {
  const steps: number[] = []
  const options = { seed: 1, budgetSeconds: 600, onProgress: ({ step }: { step: number }) => steps.push(step) }
  const { tensors, metrics } = await trainer().train(set, options)
  expect(metrics.examples).toBeGreaterThan(100)
  expect(metrics.cases).toBeGreaterThan(10)
  expect(metrics['HR@10']).toBeGreaterThan(0.5)
  expect(metrics['HR@10']).toBeLessThanOrEqual(metrics.retrieved!)
  expect(metrics['NDCG@10 of features']).toBeGreaterThan(0)
  expect(metrics['NDCG@10 of the blend']).toBeGreaterThan(0)
  expect(metrics['satisfaction ECE']).toBeLessThan(0.5)
  expect(steps.length).toBeGreaterThan(1)
  const { scored, ranker, ranked } = await ranking(tensors)
  expect(ranked.items[0]).toBe(1)
  expect(ranked.logits).toEqual([...ranked.logits].sort((a, b) => b - a))
  const attention = ranker.attention(scored, ranked.items, 1)
  expect(attention.map(({ entry }) => entry)).toEqual([0])
  expect(Math.abs(attention[0]!.weight)).toBeCloseTo(1, 6)
  const [strongest, ...others] = ranker.explain(scored, ranked.items, 1)
  expect(others.every(([, logit]) => Math.abs(logit) <= Math.abs(strongest![1]))).toBe(true)
  // An explanation leaves the kernel with other candidates in it; attention asks again.
  expect(ranker.attention(scored, ranked.items, 1)).toEqual(attention)
  expect(ranker.scoresBeside(scored, ranked, [ranked.items[0]!, 20], { satisfaction: 0 })[0]).toBe(ranked.logits[0])
})

it('with all weight on satisfaction, the order is that of who is likely to be content', async () => {
  const { tensors } = await trainer().train(set, { seed: 1, budgetSeconds: 600 })
  const { scored, ranker } = await ranking(tensors)
  const pleased = ranker.rank(scored, unseenCandidates(scored), { satisfaction: 1 })
  expect(pleased.logits.every((logit) => logit < 0)).toBe(true)
  expect(pleased.logits).toEqual([...pleased.logits].sort((a, b) => b - a))
})

it('training begins with the order of the network over the features, and learns from there', async () => {
  const untrained = await dinTrainer(2, { ...recipe, epochs: 0 }).train(set, { seed: 1, budgetSeconds: 600 })
  const { metrics } = untrained
  expect(metrics.cases).toBeGreaterThan(10)
  expect(metrics['NDCG@10']).toBeCloseTo(metrics['NDCG@10 of features']!, 9)
  const learned = await trainer().train(set, { seed: 1, budgetSeconds: 600 })
  expect(learned.metrics['NDCG@10 of features']).toBe(metrics['NDCG@10 of features'])
  expect(learned.tensors.get('heads.layer')).not.toEqual(untrained.tensors.get('heads.layer'))
})

it('training is the same for the same seed, and from an earlier release goes on with the events since', async () => {
  const few = plantedTrainingSet({ users: 16, items: 30, events: 6 })
  const first = await trainer().train(few, { seed: 1, budgetSeconds: 600 })
  const again = await trainer().train(few, { seed: 1, budgetSeconds: 600 })
  expect(again.tensors).toEqual(first.tensors)
  const previous = { tensors: first.tensors, itemIds: few.itemIds }
  const since = [...few.at].sort((a, b) => a - b)[few.at.length - 40]!
  const second = await trainer().train(few, { seed: 1, budgetSeconds: 600, previous, since })
  expect(second.metrics.examples).toBeGreaterThan(0)
  expect(second.metrics.examples).toBeLessThan(40)
  expect(second.tensors).not.toEqual(first.tensors)
})

it('moments beyond those wanted are left out evenly', async () => {
  const { metrics } = await dinTrainer(2, { ...recipe, moments: 70, epochs: 1 }).train(set, {
    seed: 1,
    budgetSeconds: 600,
  })
  expect(metrics.examples).toBeGreaterThan(30)
  expect(metrics.examples).toBeLessThanOrEqual(63)
  expect(metrics.cases).toBeGreaterThan(3)
})

it('a budget that no example can be made in leaves a network that is whole, and says that nothing measured it', async () => {
  const { tensors, metrics } = await trainer().train(set, { seed: 1, budgetSeconds: 1e-6 })
  expect(metrics).toMatchObject({ examples: 0, cases: 0, steps: 0 })
  for (const { data } of tensors.values()) expect(data.every(Number.isFinite)).toBe(true)
})

it('training ends with the reason when it is aborted', async () => {
  const reason = new Error('enough')
  const signal = AbortSignal.abort(reason)
  await expect(trainer().train(set, { seed: 1, budgetSeconds: 600, signal })).rejects.toBe(reason)
})
