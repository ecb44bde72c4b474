import { describe, expect, it } from 'vitest'
import { readTrail } from '../../src/retrieval/online/trail-row.ts'
import type { RequestContext } from '../../src/retrieval/sources/candidate-source.ts'
import { Scores } from '../../src/retrieval/sources/scores.ts'
import { sessionKnn } from '../../src/retrieval/sources/session-knn.ts'
import { similarTrails, type TrailQuery } from '../../src/retrieval/sources/similar-trails.ts'
import { Postings, readWords } from '../../src/state/values/postings.ts'
import { Trail } from '../../src/state/values/trail.ts'
import { seededRandom } from '../fakes/seeded-random.ts'

const NOW = 1_000_000

function postingsOf(...visits: [trail: number, position: number][]): Uint32Array {
  const postings = new Postings()
  for (const [trail, position] of visits) postings.append(trail, position)
  return readWords(postings.encode()).slice(1)
}

/** A query of someone who has just visited item 0, and item 1 before it. */
function query(overrides: Partial<TrailQuery>): TrailQuery {
  const entry = (item: number) => ({ item, kind: 0, value: Number.NaN, at: NOW })
  return {
    now: NOW,
    history: [entry(0), entry(1)],
    influence: [1, 1],
    postings: [new Uint32Array(), new Uint32Array()],
    visits: Float64Array.of(10, 10, 10),
    own: -1,
    ...overrides,
  }
}

const byTrail = (found: ReturnType<typeof similarTrails>) => new Map(found.map((one) => [one.trail, one]))

describe('similar trails', () => {
  it('are anchored where they meet the latest item they have in common, and gain by meeting more of the history nearby', () => {
    const found = byTrail(
      similarTrails(
        query({
          postings: [postingsOf([7, 40], [8, 40], [9, 40]), postingsOf([7, 39], [8, 90], [6, 3])],
        }),
      ),
    )
    expect([...found.keys()].sort()).toEqual([6, 7, 8, 9])
    expect(found.get(7)).toMatchObject({ anchor: 40, because: 0 })
    expect(found.get(6)).toMatchObject({ anchor: 3, because: 1 })
    const similarity = (trail: number) => found.get(trail)!.similarity
    expect(similarity(7)).toBeGreaterThan(similarity(8))
    expect(similarity(8)).toBeGreaterThan(similarity(9))
    expect(similarity(9)).toBeGreaterThan(similarity(6))
  })

  it('leave out the own trail, and what the user did not like has no vote', () => {
    const postings = [postingsOf([7, 1], [8, 2]), postingsOf([9, 5])]
    const found = byTrail(similarTrails(query({ postings, influence: [1, -1], own: 8 })))
    expect([...found.keys()]).toEqual([7])
  })

  it('are those with the greatest sums, worked out one by one, whatever the hash table does', () => {
    const random = seededRandom(5)
    // Numbers that fall into few slots, in both partitions' lists.
    const trails = Array.from({ length: 700 }, () => Math.floor(random() * 2 ** 16) * 2 ** 16)
    const list = () =>
      postingsOf(
        ...Array.from({ length: 100 }, (): [number, number] => [
          trails[Math.floor(random() * trails.length)]!,
          Math.floor(random() * 50),
        ]),
      )
    const given = query({ postings: Array.from({ length: 20 }, () => Uint32Array.of(...list(), ...list())) })
    const history = Array.from({ length: 20 }, (_, i) => ({ ...given.history[0]!, at: NOW - 60_000 * i }))
    const influence = history.map(() => 1)
    const sums = new Map<number, { similarity: number; anchor: number }>()
    given.postings.forEach((words, position) => {
      const vote = 0.9 ** position / Math.log(10 + 10) / (1 + (60_000 * position) / 600_000)
      for (let at = 0; at < words.length; at += 2) {
        const sum = sums.get(words[at]!)
        if (sum) sum.similarity += vote / (1 + Math.abs(sum.anchor - words[at + 1]!) / 3)
        else sums.set(words[at]!, { similarity: vote, anchor: words[at + 1]! })
      }
    })
    const expected = [...sums.values()].map(({ similarity }) => similarity).sort((a, b) => b - a)
    const found = similarTrails({ ...given, history, influence }).sort((a, b) => b.similarity - a.similarity)
    expect(found.length).toBe(96)
    found.forEach(({ similarity, trail }, rank) => {
      expect(similarity).toBeCloseTo(expected[rank]!, 10)
      expect(similarity).toBeCloseTo(sums.get(trail)!.similarity, 10)
    })
  })
})

describe('session-kNN', () => {
  it('proposes what lies around the meeting, the nearer and the later the stronger, and names the item they met at', () => {
    const trail = new Trail()
    for (const item of [5, 4, 0, 2, 3]) trail.append(item)
    const sessions = [
      {
        trail: 7,
        similarity: 2,
        anchor: 2,
        because: 0,
        ...readTrail(trail.encode(), Int32Array.of(0, 1, 2, 3, 4, 5)),
      },
    ]
    const scores = new Scores()
    scores.reset(6)
    sessionKnn.propose({ sessions } as unknown as RequestContext, scores)
    expect([...scores.items].sort()).toEqual([2, 3, 4, 5])
    const order = [...scores.items].sort((a, b) => scores.get(b) - scores.get(a))
    expect(order).toEqual([2, 3, 4, 5])
    expect(scores.get(2)).toBeCloseTo(1, 10)
    expect(scores.because(2)).toBe(0)
    expect(scores.loudest(2)).toBeCloseTo(1, 10)
  })
})
