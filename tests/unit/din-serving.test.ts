import { expect, it } from 'vitest'
import { Catalogue } from '../../src/catalogue/catalogue.ts'
import { partitionFor } from '../../src/events/topics.ts'
import { modelKernels } from '../../src/kernels/model-kernels.ts'
import { LiveState } from '../../src/projections/live-state.ts'
import { Random } from '../../src/random.ts'
import { DinRanker } from '../../src/ranking/din-ranker.ts'
import { FeatureReader } from '../../src/ranking/features.ts'
import { ItemContent } from '../../src/ranking/item-content.ts'
import { ItemIndex } from '../../src/retrieval/online/item-index.ts'
import { OnlineState } from '../../src/retrieval/online/online-state.ts'
import { ReleaseSlot } from '../../src/retrieval/release-slot.ts'
import { Retriever, SOURCES } from '../../src/retrieval/retriever.ts'
import { ServedRelease } from '../../src/retrieval/served-release.ts'
import { LiveRecommender } from '../../src/serving/live-recommender.ts'
import { openMemoryStateStore } from '../../src/state/memory-state-store.ts'
import { DIN_RECIPE } from '../../src/training/din-trainer.ts'
import { randomDin } from '../fakes/random-din.ts'

const ITEMS = 40
const START = Date.UTC(2001, 0)

/** A server of two partitions over what some users have watched, with a network of random parameters in service. */
async function server() {
  const catalogue = new Catalogue()
  for (let i = 0; i < ITEMS; i++) catalogue.put({ itemId: `i${i}`, title: `Title ${i}`, genres: ['Drama'] })
  const store = openMemoryStateStore({ partitions: 2 })
  const folds = [
    await LiveState.open(await store.own('live', 0), catalogue),
    await LiveState.open(await store.own('live', 1), catalogue),
  ]
  const random = new Random(1)
  let clock = START
  const happened = async (userId: string, itemId: string) => {
    clock += 60_000
    const fold = folds[partitionFor(userId, 2)]!
    await fold.fold([{ eventId: `${clock}`, userId, itemId, kind: 'rating', value: 4, at: clock }])
    await fold.commit({ ratings: clock })
  }
  for (let user = 0; user < 20; user++) {
    for (let i = 0; i < 8; i++) await happened(`u${user}`, `i${random.below(ITEMS)}`)
  }
  for (const itemId of ['i1', 'i2', 'i3']) await happened('me', itemId)
  const items = new ItemIndex()
  const names = SOURCES.map(({ name }) => name)
  const reader = new FeatureReader(names, new ItemContent(items, catalogue))
  const itemIds = Array.from({ length: ITEMS - 5 }, (_, i) => `i${i}`)
  const din = randomDin(itemIds.length, reader.names, reader.contextNames, DIN_RECIPE, random)
  const loaded = { version: 'r1', itemIds, watermark: START, models: new Map([['din', din] as const]) }
  const release = new ServedRelease({ ...loaded, indexes: new Map() }, items, modelKernels)
  await release.prepare(catalogue.values())
  const releases = new ReleaseSlot()
  releases.swap(release)
  const online = new OnlineState(store, 'live', items)
  const recommender = new LiveRecommender({ online, catalogue, releases })
  await recommender.refresh()
  const ranker = (attendedTo?: number) => new DinRanker(din, release.pairScores!, release, reader, attendedTo)
  return { recommender, happened, ranker, retriever: new Retriever({ online, catalogue, releases }) }
}

it('a slate ordered by a network that attends says what of the history it attended to, as shares', async () => {
  const { recommender } = await server()
  const { items, release } = await recommender.recommend({ userId: 'me', k: 10, explain: true })
  expect(release).toBe('r1')
  expect(items.map(({ score }) => score)).toEqual(items.map(({ score }) => score).sort((a, b) => b - a))
  const known = items.filter(({ itemId }) => Number(itemId.slice(1)) < ITEMS - 5)
  expect(known.length).toBeGreaterThan(3)
  for (const { explanation } of known) {
    const attention = explanation!.attention!
    expect(attention.map(({ itemId }) => itemId).sort()).toEqual(['i1', 'i2', 'i3'])
    expect(attention.reduce((sum, { weight }) => sum + Math.abs(weight), 0)).toBeCloseTo(1, 6)
    expect(attention[0]!.title).toMatch(/^Title/)
    expect(Object.keys(explanation!.features).length).toBeGreaterThan(3)
  }
})

it('an item that the release does not know is ranked by its features, and nothing is attended to for it', async () => {
  const { recommender } = await server()
  const { items } = await recommender.recommend({ userId: 'me', k: 40, explain: true })
  const unknown = items.filter(({ itemId }) => Number(itemId.slice(1)) >= ITEMS - 5)
  expect(unknown.length).toBeGreaterThan(0)
  for (const { explanation, score } of unknown) {
    expect(explanation!.attention).toEqual([])
    expect(Number.isFinite(score)).toBe(true)
  }
})

it('what is not attended to comes after what is, in the order and at the distances of the network over features', async () => {
  const { ranker, retriever } = await server()
  const scored = retriever.run(await retriever.context({ userId: 'me' }, []))
  const kept = [...scored.blended.items]
  const [all, first] = [ranker(), ranker(10)].map((one) => one.rank(scored, kept, { satisfaction: 0 }))
  expect(first!.items.length).toBe(kept.length)
  expect(first!.logits).toEqual(first!.logits.toSorted((a, b) => b - a))
  const logitsOfAll = new Map(all!.items.map((item, rank) => [item, all!.logits[rank]!]))
  for (const [rank, item] of first!.items.slice(0, 10).entries()) {
    expect(first!.logits[rank]).toBeCloseTo(logitsOfAll.get(item)!, 5)
  }
  // Where more than relevance is wished for, all are attended to.
  const [wished, shorter] = [ranker(), ranker(10)].map((one) => one.rank(scored, kept, { satisfaction: 0.5 }))
  expect(shorter).toEqual(wished)
})

it('one event changes the order at the next request, and so does the dial for satisfaction', async () => {
  const { recommender, happened } = await server()
  const order = async (satisfaction = 0) =>
    (await recommender.recommend({ userId: 'me', k: 20, satisfaction })).items.map(({ itemId }) => itemId)
  const before = await order()
  expect(await order()).toEqual(before)
  expect(await order(1)).not.toEqual(before)
  await happened('me', 'i4')
  await recommender.refresh()
  const after = await order()
  expect(after).not.toContain('i4')
  expect(after).not.toEqual(before.filter((itemId) => itemId !== 'i4'))
})
