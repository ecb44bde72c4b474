import { describe, expect, it } from 'vitest'
import { keyHash } from '../../src/events/topics.ts'
import type { Interaction } from '../../src/events/types.ts'
import { LiveState } from '../../src/projections/live-state.ts'
import { digestState } from '../../src/state/digest.ts'
import { KEYS } from '../../src/state/keys.ts'
import { openMemoryStateStore } from '../../src/state/memory-state-store.ts'
import type { StateStore } from '../../src/state/state-store.ts'
import { Neighbours } from '../../src/state/values/neighbours.ts'
import { POSTING_WORDS, POSTINGS_LENGTH, Postings, readWords } from '../../src/state/values/postings.ts'
import { TRAIL_LENGTH, Trail, trailItem } from '../../src/state/values/trail.ts'
import { pick, seededRandom } from '../fakes/seeded-random.ts'

const catalogue = { get: (itemId: string) => ({ itemId, title: itemId, genres: ['Drama'], year: 1990 }) }
const USERS = 4
const VISITS = ['like', 'watched', 'rating'] as const

function facts(count: number, items: number, seed: number): Interaction[] {
  const random = seededRandom(seed)
  return Array.from({ length: count }, (_, i) => ({
    eventId: `e${i}`,
    userId: `u${Math.floor(random() * USERS)}`,
    itemId: `i${Math.floor(random() * items)}`,
    kind: random() < 0.1 ? 'skip' : pick(VISITS, random),
    at: 1_000_000 + 1000 * i,
  }))
}

const undo = (fact: Interaction): Interaction => ({ ...fact, eventId: `${fact.eventId}-undo`, kind: 'undo' })

async function folded(...batches: readonly (readonly Interaction[])[]): Promise<StateStore> {
  const store = openMemoryStateStore({ partitions: 1 })
  const state = await LiveState.open(await store.own('live', 0), catalogue)
  for (const batch of batches) {
    await state.fold(batch)
    await state.commit({})
  }
  return store
}

async function wordsOf(store: StateStore, prefix: string): Promise<Map<number, Uint32Array>> {
  const found = new Map<number, Uint32Array>()
  for await (const [key, bytes] of store.scan('live', 0, prefix)) {
    found.set(Number(key.slice(prefix.length)), readWords(new Uint8Array(bytes)))
  }
  return found
}

async function coVisits(store: StateStore): Promise<Map<string, number>> {
  const found = new Map<string, number>()
  for await (const [key, bytes] of store.scan('live', 0, KEYS.neighbours)) {
    const row = new Neighbours(bytes)
    for (let i = 0; i < row.length; i++) found.set(`${key} ${row.item(i)}`, row.after(i) + row.before(i))
  }
  return found
}

describe('an undo', () => {
  it('right after its fact leaves the state as if the fact had never been folded', async () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const stream = facts(300, 60, seed)
      const last = { ...stream.at(-1)!, eventId: 'last', userId: `u${seed % USERS}`, itemId: `i${seed}` }
      const fact: Interaction = { ...last, kind: pick(VISITS, seededRandom(seed)), at: last.at + 5 }
      const [never, taken] = [await folded(stream), await folded(stream, [fact, undo(fact)])]
      const [before, after] = [await digestState(never, 'live'), await digestState(taken, 'live')]
      for (const table of ['histories', 'trails', 'postings'] as const) {
        expect(after[table], `${table}, seed ${seed}`).toEqual(before[table])
      }
      const [pairsBefore, pairsAfter] = [await coVisits(never), await coVisits(taken)]
      for (const [pair, weight] of pairsAfter) expect(weight).toBeCloseTo(pairsBefore.get(pair) ?? 0, 3)
    }
  })

  it('of an older fact takes its visit out of the trail, and every posting still names a visit that is there', async () => {
    for (const seed of [6, 7, 8]) {
      const random = seededRandom(seed)
      const stream: Interaction[] = []
      const undone = new Set<string>()
      // Few items and many visits: trails and postings pass their bounds.
      for (const fact of facts(6 * TRAIL_LENGTH, 40, seed)) {
        stream.push(fact)
        const regretted = stream[stream.length - 1 - Math.floor(random() ** 3 * 60)]
        if (random() < 0.2 && regretted && regretted.kind !== 'undo' && !undone.has(regretted.eventId)) {
          undone.add(regretted.eventId)
          stream.push(undo(regretted))
        }
      }
      const store = await folded(stream)
      const [trails, postings] = [await wordsOf(store, KEYS.trails), await wordsOf(store, KEYS.postings)]
      const itemNames = await ordinals(stream)
      for (let user = 0; user < USERS; user++) {
        const words = trails.get(keyHash(`u${user}`))!
        const kept = stream.filter(
          ({ userId, kind, eventId }) =>
            userId === `u${user}` && VISITS.includes(kind as 'like') && !undone.has(eventId),
        )
        const read: number[] = []
        for (let position = 0; position < words[0]!; position++) {
          const item = trailItem(words, position)
          if (item >= 0) read.push(item)
        }
        const expected = kept.map(({ itemId }) => itemNames.get(itemId)!)
        expect(read.length).toBeGreaterThan(TRAIL_LENGTH / 2)
        expect(read).toEqual(expected.slice(-read.length))
      }
      // A trail has never been longer than there were visits: later positions than that have not been overwritten.
      const visits = new Map<number, number>()
      for (const { userId, kind } of stream) {
        if (VISITS.includes(kind as 'like')) visits.set(keyHash(userId), (visits.get(keyHash(userId)) ?? 0) + 1)
      }
      let checked = 0
      for (const [item, words] of postings) {
        for (let at = 1; at < words.length; at += POSTING_WORDS) {
          const [trail, position] = [words[at]!, words[at + 1]!]
          if (position < visits.get(trail)! - TRAIL_LENGTH) continue
          expect(trailItem(trails.get(trail)!, position)).toBe(item)
          checked++
        }
      }
      expect(checked).toBeGreaterThan(USERS * 50)
    }
  })
})

/** Ordinals are given out in the order of first meeting. */
async function ordinals(stream: readonly Interaction[]): Promise<Map<string, number>> {
  const met = new Map<string, number>()
  for (const { itemId } of stream) if (!met.has(itemId)) met.set(itemId, met.size)
  return met
}

describe('Trail, taken back from', () => {
  it('finds the visit by how many others of its item came after it, and leaves a gap that later positions survive', () => {
    const trail = new Trail()
    for (const item of [7, 8, 7, 9]) trail.append(item)
    expect(trail.takeBack(7, 1)).toBe(0)
    expect(trail.takeBack(7, 1)).toBe(-1)
    const words = readWords(trail.encode())
    expect([0, 1, 2, 3].map((position) => trailItem(words, position))).toEqual([-1, 8, 7, 9])
    // The latest leaves no gap, and takes the gaps before it along.
    expect(trail.takeBack(7, 0)).toBe(2)
    expect(trail.takeBack(9, 0)).toBe(3)
    expect(trail.count).toBe(2)
  })

  it('knows nothing of what has been overwritten', () => {
    const trail = new Trail()
    for (let i = 0; i < TRAIL_LENGTH + 10; i++) trail.append(i)
    expect(trail.takeBack(9, 0)).toBe(-1)
    for (let i = TRAIL_LENGTH + 9; i >= TRAIL_LENGTH - 5; i--) expect(trail.takeBack(i, 0)).toBe(i)
    const words = readWords(new Trail(trail.encode()).encode())
    expect(trailItem(words, 3)).toBe(-1)
    expect(trailItem(words, 10)).toBe(10)
    expect(trail.count).toBe(TRAIL_LENGTH - 5)
  })
})

describe('Postings, taken back from', () => {
  it('keep the others in their order, also where the list was full, and take new ones in behind them', () => {
    for (const visits of [3, POSTINGS_LENGTH, POSTINGS_LENGTH + 50]) {
      const postings = new Postings()
      for (let i = 0; i < visits; i++) postings.append(5, i)
      postings.takeBack(5, visits - 2)
      postings.takeBack(6, visits - 1)
      postings.append(5, 1000)
      const [count, ...words] = readWords(postings.encode())
      const kept = Math.min(visits, POSTINGS_LENGTH)
      const others = Array.from({ length: kept }, (_, i) => visits - kept + i).filter((i) => i !== visits - 2)
      expect(words.filter((_, at) => at % POSTING_WORDS === 1)).toEqual([...others, 1000])
      expect(count).toBe(kept)
    }
  })
})
