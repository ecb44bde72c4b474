import { beforeEach, describe, expect, it } from 'vitest'
import { inspectionText } from '../../src/bin/inspection-text.ts'
import { Catalogue } from '../../src/catalogue/catalogue.ts'
import { modelKernels } from '../../src/kernels/model-kernels.ts'
import { LiveState } from '../../src/projections/live-state.ts'
import { Random } from '../../src/random.ts'
import { encodeParameters, initialParameters } from '../../src/ranking/ranker-parameters.ts'
import { ItemIndex } from '../../src/retrieval/online/item-index.ts'
import { OnlineState } from '../../src/retrieval/online/online-state.ts'
import { ReleaseSlot } from '../../src/retrieval/release-slot.ts'
import { ServedRelease } from '../../src/retrieval/served-release.ts'
import { inspect } from '../../src/serving/inspect.ts'
import { LiveRecommender } from '../../src/serving/live-recommender.ts'
import { openMemoryStateStore } from '../../src/state/memory-state-store.ts'

const START = Date.UTC(2001, 0)
const ITEMS = ['a', 'b', 'c', 'd', 'e', 'f']

let fold: LiveState
let catalogue: Catalogue
let recommender: LiveRecommender
let online: OnlineState
let clock: number
let slot: ReleaseSlot

async function liked(userId: string, ...itemIds: string[]) {
  for (const itemId of itemIds) {
    clock += 1000
    await fold.fold([{ eventId: `${clock}`, userId, itemId, kind: 'like', at: clock }])
  }
  await fold.commit({ feedback: clock })
}

beforeEach(async () => {
  clock = START
  const store = openMemoryStateStore({ partitions: 1 })
  catalogue = new Catalogue()
  for (const itemId of ITEMS) catalogue.put({ itemId, title: `Title ${itemId}`, genres: ['Drama'] })
  fold = await LiveState.open(await store.own('live', 0), catalogue)
  online = new OnlineState(store, 'live', new ItemIndex())
  slot = new ReleaseSlot()
  recommender = new LiveRecommender({ online, catalogue, releases: slot })
  for (let i = 0; i < 6; i++) await liked(`x-${i}`, 'a', 'b')
  for (let i = 0; i < 3; i++) await liked(`y-${i}`, 'a', 'c')
  await liked('z', 'd')
  await liked('me', 'a')
  await recommender.refresh()
})

const target = async (itemId: string, k = 10) => (await recommender.inspect('me', { target: itemId, k })).target!

describe('inspect', () => {
  it('shows the history, every source’s candidates in order, what filters remove, and the order served', async () => {
    const { history, sources, removed, stages } = await recommender.inspect('me', { k: 10 })
    expect(history).toMatchObject([{ itemId: 'a', title: 'Title a', kind: 'like' }])
    const coVisits = sources.find(({ name }) => name === 'co-visitation')!
    expect(coVisits.best.map(({ itemId, rank }) => [itemId, rank])).toEqual([
      ['b', 1],
      ['c', 2],
    ])
    expect(removed).toMatchObject([{ name: 'seen', candidates: 1, best: [{ itemId: 'a', removedBy: 'seen' }] }])
    const { items } = await recommender.recommend({ userId: 'me', k: 10 })
    expect(stages).toHaveLength(1)
    expect(stages[0]!.best.map(({ itemId, score }) => [itemId, score])).toEqual(
      items.map(({ itemId, score }) => [itemId, score]),
    )
  })

  it('shows the first k of each list, and counts them all', async () => {
    const { sources, stages } = await recommender.inspect('me', { k: 1 })
    const coVisits = sources.find(({ name }) => name === 'co-visitation')!
    expect(coVisits).toMatchObject({ candidates: 2, best: [{ itemId: 'b' }] })
    expect(coVisits.best).toHaveLength(1)
    expect(stages[0]!.candidates).toBeGreaterThan(1)
  })

  it('gives a target’s place in each source and after the blend, whose score its sources add up to', async () => {
    const { verdict, reason, sources, stages } = await target('c')
    expect(verdict).toBe('recommended')
    expect(reason).toMatch(/ranked 2 of \d by blend/)
    expect(sources.find(({ name }) => name === 'co-visitation')).toMatchObject({ rank: 2, of: 2, tied: 0 })
    expect(stages).toMatchObject([{ name: 'blend', rank: 2 }])
    const sum = sources.reduce((total, { contribution }) => total + contribution, 0)
    expect(sum).toBeCloseTo(stages[0]!.score, 10)
  })

  it('tells a candidate that others come before from one that is shown', async () => {
    expect((await target('c', 1)).verdict).toBe('ranked-low')
    expect((await target('c', 2)).verdict).toBe('recommended')
  })

  it('names the filter that takes a target away, and the place it would have', async () => {
    expect(await target('a')).toMatchObject({ verdict: 'removed', removedBy: 'seen' })
    catalogue.put({ itemId: 'b', title: 'Title b', genres: ['Drama'], available: false })
    await recommender.refresh()
    const { verdict, removedBy, reason, stages } = await target('b')
    expect({ verdict, removedBy }).toEqual({ verdict: 'removed', removedBy: 'unavailable' })
    expect(reason).toContain('not available')
    // Lists of what is popular leave it out, too.
    expect(stages[0]!.rank).toBe(2)
  })

  it('says of an item that nobody has visited that no source proposes it', async () => {
    const { verdict, sources, stages } = await target('f')
    expect(verdict).toBe('not-retrieved')
    expect(sources.every(({ rank, score }) => rank === null && score === 0)).toBe(true)
    expect(stages[0]).toMatchObject({ rank: null, score: 0 })
  })

  it('says of an item that the catalogue does not have that it is unknown', async () => {
    expect(await target('no such item')).toMatchObject({ verdict: 'unknown', title: 'no such item' })
  })

  it('compares the target with random items that may be shown: never with itself or what filters remove', async () => {
    const first = (await target('b')).stages[0]!.negatives
    // c, d, e, f: `a` is seen, `b` is the target and beats them all.
    expect(first).toMatchObject({ n: 4, beaten: 1 })
    expect((await target('b')).stages[0]!.negatives).toEqual(first)
    // Of b, c, e and f: less than what goes with `a`, more than what nobody has met.
    const { beaten, max, mean } = (await target('d')).stages[0]!.negatives
    expect(beaten).toBe(2 / 4)
    expect(max).toBeGreaterThan(mean)
  })

  it('follows a target through several stages: one that a later stage leaves out is ranked low', async () => {
    const context = { ...(await recommender.score('me', clock)) }
    const { blended } = context
    const { items } = online
    const candidates = [...blended.items].filter((item) => items.id(item) !== 'a')
    const reversed = {
      name: 'ranker',
      candidates: candidates.slice(0, 2),
      score: (of: readonly number[]) => of.map((i) => -i),
    }
    const blend = { name: 'blend', candidates, score: (of: readonly number[]) => of.map((item) => blended.get(item)) }
    const left = items.id(candidates[2]!)
    const parts = {
      scored: context,
      filters: [],
      stages: [blend, reversed],
      items,
      catalogue,
      k: 10,
      target: left,
    }
    const found = inspect({ ...parts, slate: { items: reversed.candidates } })
    expect(found.stages.map(({ name }) => name)).toEqual(['blend', 'ranker'])
    expect(found.target).toMatchObject({
      verdict: 'ranked-low',
      stages: [{ name: 'blend' }, { name: 'ranker', rank: null }],
    })
    expect(found.target!.reason).toContain('left out by ranker')
    // One that is shown all the same, as what is new may be.
    const shown = inspect({ ...parts, slate: { items: [candidates[2]!] } })
    expect(shown.target).toMatchObject({ verdict: 'recommended', reason: expect.stringContaining('what is new') })
  })

  it('explains a target by the history, be it shown, ranked low or taken away, and not what nobody proposes', async () => {
    const spokenForBy = async (itemId: string, k?: number) =>
      (await target(itemId, k)).explanation?.because.map(({ title }) => title)
    const { items } = await recommender.recommend({ userId: 'me', k: 10, explain: true })
    const served = items.find(({ itemId }) => itemId === 'c')!.explanation!
    expect(served.because.map(({ title }) => title)).toContain('Title a')
    expect((await target('c')).explanation).toEqual(served)
    expect((await target('c', 1)).verdict).toBe('ranked-low')
    expect((await target('c', 1)).explanation).toEqual(served)
    catalogue.put({ itemId: 'b', title: 'Title b', genres: ['Drama'], available: false })
    await recommender.refresh()
    expect((await target('b')).verdict).toBe('removed')
    expect(await spokenForBy('b')).toContain('Title a')
    expect(await spokenForBy('f')).toBeUndefined()
  })

  it('puts the order of a released ranker after that of the blend, as it is served', async () => {
    const parameters = initialParameters(['blend'], [], new Random(1))
    parameters.linear[0] = -1
    const models = new Map([['ranker', encodeParameters(parameters)] as const])
    const release = { version: '7', watermark: clock, itemIds: ITEMS, models, indexes: new Map() }
    slot.swap(new ServedRelease(release, online.items, modelKernels))
    const { release: version, stages, target: found } = await recommender.inspect('me', { target: 'b', k: 10 })
    const { items } = await recommender.recommend({ userId: 'me', k: 10 })
    expect(version).toBe('7')
    expect(stages.map(({ name }) => name)).toEqual(['blend', 'ranker'])
    expect(stages[1]!.best.map(({ itemId, score }) => [itemId, score])).toEqual(
      items.map(({ itemId, score }) => [itemId, score]),
    )
    // The best of the blend is what this ranker likes least.
    expect(found!.stages).toMatchObject([{ rank: 1 }, { rank: stages[1]!.candidates }])
    expect(found!.stages[1]!.negatives).toMatchObject({ beaten: 0 })
  })

  it('lets sources weigh what the ranker of the release has learned', async () => {
    const weightOf = async (name: string) => {
      const { sources } = await recommender.inspect('me', { k: 1 })
      return sources.find((source) => source.name === name)!.weight
    }
    const before = await weightOf('session-knn')
    const parameters = initialParameters(['blend', 'co-visitation'], [], new Random(1))
    parameters.blend[1] = 7.5
    const models = new Map([['ranker', encodeParameters(parameters)] as const])
    slot.swap(
      new ServedRelease(
        { version: '8', watermark: clock, itemIds: ITEMS, models, indexes: new Map() },
        online.items,
        modelKernels,
      ),
    )
    expect(await weightOf('co-visitation')).toBe(7.5)
    expect(await weightOf('session-knn')).toBe(before)
  })

  it('answers for a user who has left no trace', async () => {
    const { history, stages } = await recommender.inspect('nobody', { k: 3 })
    expect(history).toEqual([])
    expect(stages[0]!.best[0]).toMatchObject({ itemId: 'a' })
  })

  it('reads as text', async () => {
    const text = inspectionText(await recommender.inspect('me', { target: 'c', k: 5 }))
    expect(text).toMatch(/^user me, release live, stream time 2001-01-01T/)
    expect(text).toMatch(/Target c, Title c: recommended\n {2}It is ranked 2 of/)
    expect(text).toMatch(/co-visitation {3}rank 2 of 2 /)
    expect(text).toMatch(/Filter seen removes: 1 items\n.* a +Title a {2}\(removed: seen\)/)
    expect(text).toMatch(/it beats \d+ %/)
    expect(text).toMatch(/spoken for by a Title a \d+ %/)
  })
})
