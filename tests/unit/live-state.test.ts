import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { keyHash } from '../../src/events/topics.ts'
import type { Interaction } from '../../src/events/types.ts'
import { LiveState } from '../../src/projections/live-state.ts'
import { KEYS } from '../../src/state/keys.ts'
import { openMemoryStateStore } from '../../src/state/memory-state-store.ts'
import type { StateStore } from '../../src/state/state-store.ts'
import { History } from '../../src/state/values/history.ts'
import { readNeighbours } from '../../src/state/values/neighbours.ts'
import { UserFeatures } from '../../src/state/values/user-features.ts'
import { seededRandom } from '../fakes/seeded-random.ts'

const catalogue = { get: (itemId: string) => ({ itemId, title: itemId, genres: ['Drama', `G${itemId}`], year: 1990 }) }

function events(count: number, seed: number): Interaction[] {
  const random = seededRandom(seed)
  const kinds = ['rating', 'like', 'skip', 'watched', 'click', 'undo'] as const
  const facts: Interaction[] = []
  for (let i = 0; i < count; i++) {
    const kind = kinds[Math.floor(random() * kinds.length)]!
    const taken = facts[Math.floor(facts.length * random())]
    if (kind === 'undo' && taken) {
      facts.push({ eventId: `e${i}`, userId: taken.userId, itemId: taken.itemId, kind, at: taken.at })
      continue
    }
    facts.push({
      eventId: `e${i}`,
      userId: `u${Math.floor(random() * 5)}`,
      itemId: `i${Math.floor(random() ** 2 * 900)}`,
      kind,
      ...(kind === 'rating' ? { value: 1 + Math.floor(random() * 5) } : {}),
      at: 1_000_000 + Math.floor(random() * 1e9),
    })
  }
  return facts
}

async function contents(store: StateStore): Promise<[string, string][]> {
  const found: [string, string][] = []
  for await (const [key, value] of store.scan('live', 0, '')) {
    // Where it stands, rather than what it has come to.
    if (key !== KEYS.position) found.push([key, createHash('md5').update(value).digest('hex')])
  }
  return found
}

/** Folds in batches of the given sizes, over and over, opening the state anew every `reopen` batches. */
async function folded(stream: Interaction[], sizes: number[], reopen = Number.POSITIVE_INFINITY) {
  const store = openMemoryStateStore({ partitions: 1 })
  const open = async () => LiveState.open(await store.own('live', 0), catalogue, { maxHotUsers: 2, maxHotItems: 10 })
  let state = await open()
  for (let at = 0, round = 0; at < stream.length; round++) {
    const size = sizes[round % sizes.length]!
    await state.fold(stream.slice(at, at + size))
    at += size
    await state.commit({ ratings: Math.min(at, stream.length) })
    if (round % reopen === reopen - 1) state = await open()
  }
  return contents(store)
}

describe('LiveState', () => {
  it('becomes the same, to the byte, however the events are batched and wherever it was stopped and opened again', async () => {
    const stream = events(3_000, 1)
    const whole = await folded(stream, [3_000])
    expect(whole.length).toBeGreaterThan(100)
    expect(await folded(stream, [1, 7, 30, 2])).toEqual(whole)
    expect(await folded(stream, [13, 1, 64], 2)).toEqual(whole)
  })

  it('has nothing left of a fact that was taken back, whatever came in between', async () => {
    const fact = (itemId: string, at: number, kind: Interaction['kind'] = 'like'): Interaction => ({
      eventId: `${itemId}${kind}`,
      userId: 'u',
      itemId,
      kind,
      at,
    })
    const both = [fact('a', 1000), fact('b', 2000)]
    const regretted = [fact('a', 1000), fact('c', 1500), fact('b', 2000), fact('c', 1500, 'undo')]
    const store = openMemoryStateStore({ partitions: 1 })
    const state = await LiveState.open(await store.own('live', 0), catalogue)
    await state.fold([...regretted, fact('c', 1500, 'undo')])
    await state.commit({})
    expect(state.repeated).toBe(1)
    const [history, features, ofA, ofC] = await store.read('live', 0, ['h:u', 'f:u', 'n:0', 'n:1'])
    const plain = openMemoryStateStore({ partitions: 1 })
    const untouched = await LiveState.open(await plain.own('live', 0), catalogue)
    await untouched.fold([both[0]!, { ...fact('c', 0), userId: 'other' }, both[1]!])
    await untouched.commit({})
    const [plainHistory] = await plain.read('live', 0, ['h:u'])
    expect(history).toEqual(plainHistory)
    expect(new UserFeatures(features).count).toBe(2)
    expect(new UserFeatures(features).genres(2000).find(({ visits }) => visits > 0)?.preference).toBeCloseTo(2)
    const left = (bytes: Uint8Array | undefined) => [...readNeighbours(bytes!).weights].filter((_, i) => i % 3 > 0)
    expect(left(ofC).every((weight) => weight === 0)).toBe(true)
    expect(left(ofA).filter((weight) => weight > 0)).toHaveLength(1)
  })

  it('counts a fact once when the log holds it twice, in the order of time', async () => {
    const stream = events(1_500, 2)
      .filter(({ kind }) => kind !== 'undo')
      .sort((a, b) => a.at - b.at)
    const once = await folded(stream, [100])
    const twice = await folded([...stream, ...stream], [100])
    expect(twice).toEqual(once)
  })

  it('takes a skip neither for a visit nor into co-visits, but remembers it', async () => {
    const at = 1_000_000
    const base = { userId: 'u', at } as const
    const seen = { ...base, eventId: '1', itemId: 'a', kind: 'like' } as const
    const skip = { ...base, eventId: '2', itemId: 'b', kind: 'skip' } as const
    const keys = (await folded([seen, skip], [2])).map(([key]) => key)
    expect(keys).toContain('h:u')
    expect(keys.filter((key) => key.startsWith('n:'))).toEqual([])
  })

  it('has nothing stored under the id of a forgotten user, and takes them for a stranger from then on', async () => {
    const store = openMemoryStateStore({ partitions: 1 })
    const state = await LiveState.open(await store.own('live', 0), catalogue)
    const fact = (userId: string, itemId: string, at: number): Interaction => ({
      eventId: `${at}`,
      userId,
      itemId,
      kind: 'like',
      at,
    })
    const keysOf = async (userId: string) =>
      (await contents(store))
        .map(([key]) => key)
        .filter((key) => key === `t:${keyHash(userId)}` || key.endsWith(`:${userId}`))
    state.foldProfile({ userId: 'goes', attributes: { region: 'x' } })
    await state.fold(['goes', 'stays'].flatMap((userId, i) => [fact(userId, 'a', 10 + i), fact(userId, 'b', 20 + i)]))
    await state.commit({})
    const stays = await keysOf('stays')
    expect((await keysOf('goes')).sort()).toEqual(['f:goes', 'h:goes', 'p:goes', `t:${keyHash('goes')}`])
    state.foldProfile({ userId: 'goes', forgotten: true })
    state.foldProfile({ userId: 'never here', forgotten: true })
    await state.commit({})
    expect(await keysOf('goes')).toEqual([])
    expect(await keysOf('stays')).toEqual(stays)
    // Forgotten and back within one commit: only what came after.
    await state.fold([fact('goes', 'a', 30)])
    state.foldProfile({ userId: 'goes', forgotten: true })
    await state.fold([fact('goes', 'c', 40)])
    await state.commit({})
    const [history] = await store.read('live', 0, ['h:goes'])
    expect(new History(history).length).toBe(1)
    expect(new History(history).at(0)).toBe(40)
  })

  it('leaves the store as it was when a newer owner has taken the partition', async () => {
    const store = openMemoryStateStore({ partitions: 1 })
    const stale = await LiveState.open(await store.own('live', 0), catalogue)
    await store.own('live', 0)
    await stale.fold(events(10, 3))
    await expect(stale.commit({ ratings: 10 })).rejects.toMatchObject({ code: 'FENCED' })
    expect(await contents(store)).toEqual([])
  })
})
