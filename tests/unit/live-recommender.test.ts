import { beforeEach, describe, expect, it } from 'vitest'
import { Catalogue } from '../../src/catalogue/catalogue.ts'
import { decodeFloats } from '../../src/events/floats.ts'
import { partitionFor } from '../../src/events/topics.ts'
import type { Interaction } from '../../src/events/types.ts'
import { LiveState } from '../../src/projections/live-state.ts'
import { ItemIndex } from '../../src/retrieval/online/item-index.ts'
import { OnlineState } from '../../src/retrieval/online/online-state.ts'
import { LiveRecommender } from '../../src/serving/live-recommender.ts'
import { openMemoryStateStore } from '../../src/state/memory-state-store.ts'
import type { StateStore } from '../../src/state/state-store.ts'

const PARTITIONS = 3
const START = Date.UTC(2001, 0)

let store: StateStore
let catalogue: Catalogue
let recommender: LiveRecommender
let folds: LiveState[]
let clock: number

async function happened(userId: string, itemId: string, kind: Interaction['kind'] = 'like', value?: number) {
  clock += 1000
  const event: Interaction = { eventId: `${clock}`, userId, itemId, kind, at: clock, ...(value ? { value } : {}) }
  const fold = folds[partitionFor(userId, PARTITIONS)]!
  await fold.fold([event])
  await fold.commit({ feedback: clock })
}

const itemsOf = async (userId: string, options = {}) =>
  (await recommender.recommend({ userId, k: 10, ...options })).items.map(({ itemId }) => itemId)

beforeEach(async () => {
  clock = START
  store = openMemoryStateStore({ partitions: PARTITIONS })
  catalogue = new Catalogue()
  for (const itemId of ['a', 'b', 'c', 'd', 'e', 'f']) {
    catalogue.put({
      itemId,
      title: `Title ${itemId}`,
      genres: ['a', 'b', 'c'].includes(itemId) ? ['Drama'] : ['Comedy'],
    })
  }
  folds = []
  for (let p = 0; p < PARTITIONS; p++) folds.push(await LiveState.open(await store.own('live', p), catalogue))
  recommender = new LiveRecommender({ online: new OnlineState(store, 'live', new ItemIndex()), catalogue })
})

describe('LiveRecommender', () => {
  it('fills a page from the catalogue before anything has happened', async () => {
    expect(await itemsOf('nobody')).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
  })

  it('recommends what others, in whatever partition, visited after what this user visited last', async () => {
    for (let i = 0; i < 12; i++) {
      await happened(`other-${i}`, 'a')
      await happened(`other-${i}`, i < 9 ? 'b' : 'c')
    }
    for (let i = 0; i < 30; i++) await happened(`crowd-${i}`, 'f')
    await happened('me', 'a')
    await recommender.refresh()
    const slate = await recommender.recommend({ userId: 'me', k: 10, explain: true })
    expect(slate.items.slice(0, 2).map(({ itemId }) => itemId)).toEqual(['b', 'c'])
    expect(slate.degraded).toEqual([])
    const [first] = slate.items
    expect(first).toMatchObject({ section: 'Because you watched Title a', reason: 'Because you watched Title a' })
    expect(first!.sources[0]).toMatchObject({ name: 'co-visitation', rank: 1 })
    expect(first!.explanation!.because[0]).toMatchObject({ itemId: 'a', title: 'Title a' })
    const { because, features } = first!.explanation!
    // The rest is what lists of the popular add, which go by nobody's history.
    const named = because.reduce((sum, { weight }) => sum + weight, 0)
    expect(named).toBeGreaterThan(0.9)
    expect(named).toBeLessThan(1)
    expect(Object.values(features).reduce((sum, part) => sum + part, 0)).toBeCloseTo(first!.score, 10)
  })

  it('has a list for a stranger as soon as there is a catalogue, though it was asked before', async () => {
    const later = new Catalogue()
    const early = new LiveRecommender({ online: new OnlineState(store, 'live', new ItemIndex()), catalogue: later })
    expect((await early.recommend({ userId: 'stranger', k: 5 })).items).toEqual([])
    for (const itemId of ['a', 'b']) later.put({ itemId, title: `Title ${itemId}` })
    const { items } = await early.recommend({ userId: 'stranger', k: 5 })
    expect(items.map(({ itemId }) => itemId)).toEqual(['a', 'b'])
  })

  it('changes with the very next event of the user', async () => {
    for (let i = 0; i < 10; i++) {
      await happened(`x-${i}`, 'a')
      await happened(`x-${i}`, 'b')
      await happened(`y-${i}`, 'c')
      await happened(`y-${i}`, 'd')
    }
    await happened('me', 'a')
    await recommender.refresh()
    expect((await itemsOf('me'))[0]).toBe('b')
    await happened('me', 'c')
    expect((await itemsOf('me'))[0]).toBe('d')
  })

  it('shows what is known to few before what everyone knows, where novelty is asked for', async () => {
    for (let i = 0; i < 10; i++) {
      await happened(`x-${i}`, 'a')
      await happened(`x-${i}`, 'b')
      await happened(`z-${i}`, 'b')
      if (i > 3) continue
      await happened(`y-${i}`, 'a')
      await happened(`y-${i}`, 'c')
    }
    await happened('me', 'a')
    await recommender.refresh()
    const first = async (novelty: number) => {
      const { items } = await recommender.recommend({ userId: 'me', k: 2, novelty })
      return items.map(({ itemId }) => itemId)
    }
    expect(await first(0)).toEqual(['b', 'c'])
    expect(await first(1)).toEqual(['c', 'b'])
  })

  it('lets a skip push down what goes with the skipped item', async () => {
    for (let i = 0; i < 10; i++) {
      await happened(`x-${i}`, 'a')
      await happened(`x-${i}`, 'b')
      await happened(`x-${i}`, 'c')
      await happened(`y-${i}`, 'd')
      await happened(`y-${i}`, 'b')
    }
    await happened('me', 'a')
    await recommender.refresh()
    const before = await recommender.recommend({ userId: 'me', k: 10 })
    await happened('me', 'd', 'skip')
    const after = await recommender.recommend({ userId: 'me', k: 10 })
    const score = (slate: typeof before, itemId: string) => slate.items.find((item) => item.itemId === itemId)!.score
    expect(score(after, 'b')).toBeLessThan(score(before, 'b'))
    const lowered = new Map(after.items.map((item) => [item.itemId, item.lowered]))
    expect(lowered.get('b')).toEqual({ itemId: 'd', title: 'Title d', kind: 'skip' })
    expect(lowered.get('c')).toBeUndefined()
    expect(before.items.filter((item) => item.lowered)).toEqual([])
    expect(after.items.map(({ itemId }) => itemId)).not.toContain('d')
  })

  it('leaves out what was seen, excluded, unavailable or of another category, and says which filter did it', async () => {
    for (const item of ['a', 'b', 'c', 'd', 'e', 'f']) await happened('other', item)
    await happened('me', 'a')
    catalogue.put({ itemId: 'b', title: 'Title b', genres: ['Drama'], available: false })
    await recommender.refresh()
    const slate = await recommender.recommend({ userId: 'me', k: 10, exclude: ['f'], debug: true })
    expect(slate.items.map(({ itemId }) => itemId).sort()).toEqual(['c', 'd', 'e'])
    expect(slate.debug!.removed).toEqual({ seen: ['a'], unavailable: ['b'], excluded: ['f'] })
    expect((await itemsOf('me', { category: 'comedy' })).sort()).toEqual(['d', 'e', 'f'])
  })

  it('does not take a click for having seen the item', async () => {
    await happened('other', 'b')
    await happened('me', 'b', 'click')
    await recommender.refresh()
    expect(await itemsOf('me')).toContain('b')
  })

  it('answers an anonymous session from the items it names', async () => {
    for (let i = 0; i < 10; i++) {
      await happened(`x-${i}`, 'c')
      await happened(`x-${i}`, 'e')
    }
    await recommender.refresh()
    const items = await itemsOf('', { items: ['c', 'no such item'] })
    expect(items[0]).toBe('e')
    expect(items).not.toContain('c')
  })

  it('finds similar items, and none for an item that the catalogue does not have', async () => {
    for (let i = 0; i < 10; i++) {
      await happened(`x-${i}`, 'c')
      await happened(`x-${i}`, 'e')
    }
    await recommender.refresh()
    expect((await recommender.similar('c', 3))?.[0]).toMatchObject({ itemId: 'e' })
    expect(await recommender.similar('nope', 3)).toBeUndefined()
  })

  it('tells popular from trending by how long ago the visits were', async () => {
    for (let i = 0; i < 10; i++) await happened(`old-${i}`, 'a')
    clock += 7 * 24 * 3600 * 1000
    for (let i = 0; i < 5; i++) await happened(`new-${i}`, 'b')
    await recommender.refresh()
    expect((await recommender.popular(2, 'popularity')).map(({ itemId }) => itemId)).toEqual(['a', 'b'])
    expect((await recommender.popular(2, 'trend')).map(({ itemId }) => itemId)).toEqual(['b', 'a'])
  })

  it('shows a user as the state has it', async () => {
    await happened('me', 'a', 'rating', 5)
    await happened('me', 'd', 'rating', 1)
    const view = await recommender.user('me')
    expect(view!.history).toMatchObject([
      { itemId: 'd', title: 'Title d', kind: 'rating', value: 1 },
      { itemId: 'a', kind: 'rating', value: 5 },
    ])
    expect(view!.features).toMatchObject({ count: 2, meanValue: 3, valueVariance: 4 })
    expect(view!.features.genres.map(({ genre }) => genre)).toEqual(['Drama', 'Comedy'])
    expect(await recommender.user('nobody')).toBeUndefined()
  })

  it('makes a worse slate, and says so, when the state cannot be read', async () => {
    await happened('other', 'a')
    await recommender.refresh()
    const failing: StateStore = { ...store, read: () => Promise.reject(new Error('away')) }
    const broken = new LiveRecommender({ online: new OnlineState(failing, 'live', new ItemIndex()), catalogue })
    const slate = await broken.recommend({ userId: 'me', k: 3 })
    expect(slate.degraded).toEqual(expect.arrayContaining(['item-statistics', 'user-state']))
    expect(slate.items).toHaveLength(3)
  })

  describe('asked for features', () => {
    beforeEach(async () => {
      for (let i = 0; i < 12; i++) {
        await happened(`other-${i}`, 'a')
        await happened(`other-${i}`, i < 9 ? 'b' : 'c')
      }
      await happened('me', 'a')
      await recommender.refresh()
    })
    const featuresOf = async (request: object = {}) =>
      (await recommender.recommend({ userId: 'me', k: 3, features: true, ...request })).features

    it('says what a ranker sees of each item, and where the state stood that it was read from', async () => {
      const asOf = clock
      await happened('me', 'd', 'click')
      const slate = await recommender.recommend({ userId: 'me', k: 3, novelty: 0.5, features: true })
      const { names, items, contextNames, context, ...rest } = slate.features!
      const last = (partition: number) => (partition === partitionFor('me', PARTITIONS) ? asOf : expect.any(Number))
      expect(rest).toEqual({
        now: asOf,
        ranker: 'blend',
        request: { k: 3, novelty: 0.5 },
        tables: { ratings: [0, 0, 0], feedback: [0, 1, 2].map(last), users: [0, 0, 0] },
        lists: rest.tables,
        rowsFrom: rest.tables,
        rowsUntil: {
          ...rest.tables,
          feedback: [0, 1, 2].map((p) => (p === partitionFor('me', PARTITIONS) ? clock : expect.any(Number))),
        },
        // Read at the request, and not with the tables.
        user: { ratings: 0, feedback: clock, users: 0 },
        known: 2,
      })
      expect(names).toEqual(expect.arrayContaining(['blend', 'visits', 'co-visitation']))
      const rows = decodeFloats(items)
      expect(rows).toHaveLength(names.length * slate.items.length)
      const visits = slate.items.map((_, place) => rows[place * names.length + names.indexOf('visits')])
      expect(visits[slate.items.findIndex(({ itemId }) => itemId === 'b')]).toBeCloseTo(Math.log(10))
      expect(decodeFloats(context)).toHaveLength(contextNames.length)
      expect(decodeFloats(context)[contextNames.indexOf('history-length')]).toBeCloseTo(Math.log(3))
    })

    it('has none where they could not be worked out again', async () => {
      expect(await featuresOf()).toBeDefined()
      expect(await featuresOf({ features: false })).toBeUndefined()
      expect(await featuresOf({ items: ['a'] })).toBeUndefined()
      const read = store.read.bind(store)
      const withoutPosition: StateStore = {
        ...store,
        read: async (group, partition, keys) =>
          (await read(group, partition, keys)).map((value, i) => (keys[i] === 'q' ? undefined : value)),
      }
      recommender = new LiveRecommender({
        online: new OnlineState(withoutPosition, 'live', new ItemIndex()),
        catalogue,
      })
      expect(await featuresOf()).toBeUndefined()
      const failing: StateStore = { ...store, read: () => Promise.reject(new Error('away')) }
      recommender = new LiveRecommender({ online: new OnlineState(failing, 'live', new ItemIndex()), catalogue })
      expect(await featuresOf()).toBeUndefined()
    })
  })

  describe('asked what it would have recommended', () => {
    it('answers the place of the item with each source and in the blend, in terms of what was known before', async () => {
      for (let i = 0; i < 12; i++) {
        await happened(`other-${i}`, 'a')
        await happened(`other-${i}`, i < 9 ? 'b' : 'c')
      }
      await happened('me', 'a')
      await recommender.refresh()
      const ofB = await recommender.predict('me', 'b', clock)
      expect(ofB.ranks).toMatchObject({ 'co-visitation': 1, blend: 1 })
      const ofC = await recommender.predict('me', 'c', clock)
      expect(ofC.ranks).toMatchObject({ 'co-visitation': 2 })
      expect((await recommender.predict('me', 'f', clock)).ranks).toMatchObject({ 'co-visitation': null })
      expect(Object.values((await recommender.predict('me', 'unheard-of', clock)).ranks!)).toSatisfy(
        (ranks: (number | null)[]) => ranks.length > 2 && ranks.every((rank) => rank === null),
      )
      // Too late: whoever asks after the fold learns nothing.
      await happened('me', 'b')
      expect((await recommender.predict('me', 'b', clock)).ranks).toBeUndefined()
    })

    it('has nothing to predict for somebody new, and gives up where the state cannot be read', async () => {
      expect((await recommender.predict('nobody', 'a', clock)).ranks).toBeUndefined()
      await happened('me', 'a')
      await recommender.refresh()
      store.read = () => Promise.reject(new Error('away'))
      await expect(recommender.predict('me', 'b', clock)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    })
  })
})
