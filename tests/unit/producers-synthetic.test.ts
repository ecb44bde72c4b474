import { describe, expect, it } from 'vitest'
import { validate } from '../../src/events/codec.ts'
import { interactions } from '../../src/producers/datasets/dataset.ts'
import { openDataset } from '../../src/producers/datasets/open-dataset.ts'
import { parseSyntheticName, synthetic } from '../../src/producers/datasets/synthetic.ts'

const SMALL = { seed: 7, users: 1000, items: 1000, events: 40_000 }

describe('the synthetic stream', () => {
  it('is the same for the same seed, and another for another', () => {
    const events = [...interactions(synthetic(SMALL))]
    expect([...interactions(synthetic(SMALL))]).toEqual(events)
    const other = [...interactions(synthetic({ ...SMALL, seed: 8 }))]
    expect(other.filter(({ itemId }, i) => itemId === events[i]!.itemId).length).toBeLessThan(events.length / 10)
  })

  it('can be read from the middle', () => {
    const events = [...interactions(synthetic(SMALL))]
    expect([...interactions(synthetic(SMALL), 20_001)]).toEqual(events.slice(20_001))
    expect([...interactions(synthetic(SMALL), SMALL.events)]).toEqual([])
  })

  it('has as many events as asked for, valid, in the order of time and within the time it names', () => {
    const dataset = synthetic(SMALL)
    const events = [...interactions(dataset)]
    expect(events.length).toBe(SMALL.events)
    expect(events.every((event) => validate('ratings', event).ok)).toBe(true)
    expect(events.every(({ at }, i) => i === 0 || at >= events[i - 1]!.at)).toBe(true)
    const span = dataset.lastAt - dataset.firstAt
    expect(events[0]!.at).toBeGreaterThanOrEqual(dataset.firstAt)
    expect(Math.abs(events.at(-1)!.at - dataset.lastAt)).toBeLessThan(span / 10)
    expect(dataset.lastAt).toBeLessThan(Date.now())
  })

  it('describes every item, with titles that are all different', () => {
    const dataset = synthetic({ ...SMALL, items: 5000 })
    const items = [...dataset.items()]
    expect(items.map(({ itemId }) => itemId)).toEqual(dataset.itemIds)
    expect(new Set(items.map(({ title }) => title)).size).toBe(5000)
    expect(items.every((item) => validate('items', item).ok && item.genres!.length > 0 && item.year! > 1950)).toBe(true)
  })

  it('never shows a user an item twice while there are others', () => {
    const pairs = [...interactions(synthetic(SMALL))].map(({ userId, itemId }) => `${userId}/${itemId}`)
    expect(new Set(pairs).size).toBeGreaterThan(0.99 * pairs.length)
  })

  it('has popularity skew: a tenth of the items gets more than a third of the events', () => {
    const counts = countBy([...interactions(synthetic(SMALL))].map(({ itemId }) => itemId))
    const sorted = [...counts.values()].sort((a, b) => b - a)
    const head = sorted.slice(0, SMALL.items / 10).reduce((sum, count) => sum + count, 0)
    expect(head / SMALL.events).toBeGreaterThan(0.3)
    expect(counts.size).toBeGreaterThan(0.9 * SMALL.items)
  })

  it('has sessions: most events follow their user within minutes, the others after days', () => {
    const lastAt = new Map<string, number>()
    const gaps: number[] = []
    for (const { userId, at } of interactions(synthetic(SMALL))) {
      if (lastAt.has(userId)) gaps.push(at - lastAt.get(userId)!)
      lastAt.set(userId, at)
    }
    const minutes = gaps.filter((gap) => gap < 10 * 60_000).length / gaps.length
    const days = gaps.filter((gap) => gap > 86_400_000).length / gaps.length
    expect(minutes).toBeGreaterThan(0.8)
    expect(days).toBeGreaterThan(0.03)
  })

  it('drifts: items appear along the way, and the favourites of the end are not those of the start', () => {
    const events = [...interactions(synthetic(SMALL))]
    const first = countBy(events.slice(0, 5000).map(({ itemId }) => itemId))
    const last = countBy(events.slice(-5000).map(({ itemId }) => itemId))
    const newcomers = [...last.keys()].filter((item) => !first.has(item))
    expect(newcomers.length).toBeGreaterThan(SMALL.items / 5)
    const favourites = (counts: Map<string, number>) =>
      [...counts.entries()]
        .sort((a, b) => b[1] - a[1])
        .slice(0, 30)
        .map(([item]) => item)
    const kept = favourites(first).filter((item) => favourites(last).includes(item))
    expect(kept.length).toBeLessThan(20)
  })

  it('rates by taste: what a user rates high, users alike rate high', () => {
    const ratings = [...interactions(synthetic(SMALL))]
    const shares = [1, 2, 3, 4, 5].map((value) => ratings.filter((r) => r.value === value).length / ratings.length)
    expect(Math.min(...shares)).toBeGreaterThan(0.005)
    expect(shares[3]! + shares[4]!).toBeGreaterThan(shares[0]! + shares[1]!)
    const genres = new Map([...synthetic(SMALL).items()].map(({ itemId, genres }) => [itemId, genres![0]!]))
    expect(varianceExplained(ratings.map((r) => [`${r.userId}/${genres.get(r.itemId)}`, r.value!]))).toBeGreaterThan(
      varianceExplained(ratings.map((r) => [r.userId, r.value!])) + 0.1,
    )
  })

  it('has next items to be learned: co-visits find them far more often than popularity does', () => {
    const hits = { coVisits: 0, popularity: 0 }
    const popularity = new Map<string, number>()
    const follows = new Map<string, Map<string, number>>()
    const histories = new Map<string, string[]>()
    const events = [...interactions(synthetic(SMALL))]
    for (const [i, { userId, itemId }] of events.entries()) {
      const history = histories.get(userId) ?? []
      const last = history.at(-1)
      if (i >= 0.8 * events.length && last !== undefined) {
        const seen = new Set(history)
        if (top(popularity, seen).includes(itemId)) hits.popularity++
        if (top(follows.get(last) ?? new Map(), seen).includes(itemId)) hits.coVisits++
      }
      popularity.set(itemId, (popularity.get(itemId) ?? 0) + 1)
      if (last !== undefined) {
        const row = follows.get(last) ?? new Map<string, number>()
        follows.set(last, row.set(itemId, (row.get(itemId) ?? 0) + 1))
      }
      histories.set(userId, [...history, itemId].slice(-200))
    }
    expect(hits.popularity).toBeGreaterThan(100)
    expect(hits.coVisits / hits.popularity).toBeGreaterThan(2.5)
  })

  it('is found again by its name', async () => {
    const dataset = synthetic(SMALL)
    expect(parseSyntheticName(dataset.name)).toEqual(SMALL)
    expect(parseSyntheticName('ml-1m')).toBeUndefined()
    expect((await openDataset(dataset.name)).size).toBe(SMALL.events)
  })

  it.each([{ users: 0 }, { items: 1.5 }, { events: Number.NaN }, { seed: -1 }])('refuses %j', (options) => {
    expect(() => synthetic(options)).toThrow(expect.objectContaining({ code: 'BAD_USAGE' }))
  })

  it.each([
    { users: 1, items: 1, events: 50 },
    { users: 3, items: 2, events: 200 },
  ])('works at the smallest sizes: %j', (options) => {
    expect([...interactions(synthetic(options))].length).toBe(options.events)
  })
})

function countBy(keys: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1)
  return counts
}

function top(scores: ReadonlyMap<string, number>, seen: ReadonlySet<string>): string[] {
  const unseen = [...scores.entries()].filter(([item]) => !seen.has(item))
  return unseen
    .sort((a, b) => b[1] - a[1])
    .slice(0, 10)
    .map(([item]) => item)
}

/** Share of the variance that lies between the groups. */
function varianceExplained(values: readonly (readonly [group: string, value: number])[]): number {
  const mean = values.reduce((sum, [, value]) => sum + value, 0) / values.length
  const groups = Map.groupBy(values, ([group]) => group)
  let between = 0
  for (const group of groups.values()) {
    const own = group.reduce((sum, [, value]) => sum + value, 0) / group.length
    between += group.length * (own - mean) ** 2
  }
  return between / values.reduce((sum, [, value]) => sum + (value - mean) ** 2, 0)
}
