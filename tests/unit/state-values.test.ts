import { describe, expect, it } from 'vitest'
import { selectRank } from '../../src/select.ts'
import { addDecayed } from '../../src/state/values/decay.ts'
import { HISTORY_LENGTH, History } from '../../src/state/values/history.ts'
import { ITEM_SET_LENGTH, ItemSet } from '../../src/state/values/item-set.ts'
import { ItemStatisticsChunk, POPULARITY_HALF_LIFE_MS } from '../../src/state/values/item-statistics.ts'
import { NEIGHBOURS_CAPACITY, NEIGHBOURS_LENGTH, Neighbours } from '../../src/state/values/neighbours.ts'
import { POSTING_WORDS, POSTINGS_LENGTH, Postings, readWords } from '../../src/state/values/postings.ts'
import { TRAIL_LENGTH, Trail, trailItem } from '../../src/state/values/trail.ts'
import { GENRES_LENGTH, UserFeatures } from '../../src/state/values/user-features.ts'
import { VOCABULARY_CHUNK, Vocabulary } from '../../src/state/values/vocabulary.ts'
import { seededRandom } from '../fakes/seeded-random.ts'

describe('History', () => {
  it('keeps every field of an entry through encoding', () => {
    const history = new History()
    history.append(4_000_000_000, 6, 4.5, 8_640_000_000_000)
    history.append(0, 0, Number.NaN, 0)
    const read = new History(history.encode())
    expect(read.length).toBe(2)
    expect([read.item(0), read.kind(0), read.value(0), read.at(0)]).toEqual([4_000_000_000, 6, 4.5, 8_640_000_000_000])
    expect([read.item(1), read.kind(1), read.at(1)]).toEqual([0, 0, 0])
    expect(read.value(1)).toBeNaN()
  })

  it('drops exactly the oldest entry beyond its bound, and says which', () => {
    const history = new History()
    for (let i = 0; i < HISTORY_LENGTH; i++) expect(history.append(i, 0, 1, i)).toBe(-1)
    expect(history.append(HISTORY_LENGTH, 0, 1, HISTORY_LENGTH)).toBe(0)
    expect(history.length).toBe(HISTORY_LENGTH)
    expect(history.item(0)).toBe(1)
    expect(history.item(HISTORY_LENGTH - 1)).toBe(HISTORY_LENGTH)
  })

  it('goes on the same after it was stored and read at any point', () => {
    const whole = new History()
    let stored = new History()
    for (let i = 0; i < 3 * HISTORY_LENGTH; i++) {
      whole.append(i % 7, i % 3, i, i)
      stored.append(i % 7, i % 3, i, i)
      if (i % 5 === 0) stored = new History(stored.encode())
    }
    expect(Buffer.compare(stored.encode(), whole.encode())).toBe(0)
  })
})

describe('Trail', () => {
  it('answers the item at each position it still holds, and -1 for those forgotten or to come', () => {
    let trail = new Trail()
    const visits = 3 * TRAIL_LENGTH + 7
    for (let i = 0; i < visits; i++) {
      trail.append(1000 + i)
      if (i % 9 === 0) trail = new Trail(trail.encode())
    }
    const words = readWords(trail.encode())
    expect(words.length).toBe(1 + TRAIL_LENGTH)
    for (const position of [visits - 1, visits - 2, visits - TRAIL_LENGTH]) {
      expect(trailItem(words, position)).toBe(1000 + position)
    }
    for (const position of [-1, 0, visits - TRAIL_LENGTH - 1, visits]) expect(trailItem(words, position)).toBe(-1)
  })

  it('is as short as what it holds', () => {
    const trail = new Trail()
    for (let i = 0; i < 11; i++) trail.append(i)
    const words = readWords(trail.encode())
    expect([...words]).toEqual([11, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    expect(trailItem(words, 11)).toBe(-1)
  })
})

describe('Postings', () => {
  it('keeps exactly the latest visits, stored and read at any point', () => {
    for (const visits of [1, 5, POSTINGS_LENGTH, POSTINGS_LENGTH + 3]) {
      let postings = new Postings()
      for (let i = 0; i < visits; i++) {
        postings.append(4_000_000_000 + i, i)
        if (i % 3 === 0) postings = new Postings(postings.encode())
      }
      const [count, ...words] = readWords(postings.encode())
      expect(count).toBe(visits)
      expect(words.length).toBe(POSTING_WORDS * Math.min(visits, POSTINGS_LENGTH))
      const positions = words.filter((_, at) => at % POSTING_WORDS === 1).sort((a, b) => a - b)
      const first = Math.max(0, visits - POSTINGS_LENGTH)
      expect(positions).toEqual(Array.from({ length: visits - first }, (_, i) => first + i))
    }
  })
})

describe('ItemSet', () => {
  it('holds an item once and forgets the oldest beyond its bound', () => {
    let set = new ItemSet()
    for (let item = 0; item <= ITEM_SET_LENGTH; item++) {
      set.add(item)
      set.add(item)
    }
    set = new ItemSet(set.encode())
    expect(set.length).toBe(ITEM_SET_LENGTH)
    expect(set.has(0)).toBe(false)
    expect(set.has(1)).toBe(true)
    expect(set.has(ITEM_SET_LENGTH)).toBe(true)
  })

  it('does not take free room for the item 0', () => {
    const set = new ItemSet()
    set.add(5)
    expect(set.has(0)).toBe(false)
  })
})

describe('Neighbours', () => {
  it('adds weights up in both directions', () => {
    const row = new Neighbours()
    row.add(7, 1, 0)
    row.add(9, 0, 0.5)
    row.add(7, 0.25, 2)
    expect(row.length).toBe(2)
    expect([row.item(0), row.after(0), row.before(0)]).toEqual([7, 1.25, 2])
    expect([row.item(1), row.after(1), row.before(1)]).toEqual([9, 0, 0.5])
  })

  it('keeps the strongest when it outgrows its bound, of equals the later', () => {
    const row = new Neighbours()
    const capacity = NEIGHBOURS_CAPACITY
    for (let item = 0; item < capacity; item++) row.add(item, item < 100 ? 5 : 1, 0)
    expect(row.length).toBe(NEIGHBOURS_LENGTH)
    const kept = Array.from({ length: row.length }, (_, i) => row.item(i))
    const later = Array.from({ length: NEIGHBOURS_LENGTH - 100 }, (_, i) => capacity - NEIGHBOURS_LENGTH + 100 + i)
    expect(kept).toEqual([...Array.from({ length: 100 }, (_, i) => i), ...later])
  })

  it('finds every neighbour again after prunes, and equals exact counts as long as nothing was pruned', () => {
    const random = seededRandom(1)
    const row = new Neighbours()
    const exact = new Map<number, number>()
    for (let i = 0; i < 20_000; i++) {
      const item = Math.floor(random() * NEIGHBOURS_LENGTH) * 1_000_003
      row.add(item, 1, 0)
      exact.set(item, (exact.get(item) ?? 0) + 1)
    }
    expect(row.length).toBe(exact.size)
    for (let i = 0; i < row.length; i++) expect(row.after(i)).toBe(exact.get(row.item(i)))
  })

  it('goes on the same, to the byte, after it was stored and read at any point', () => {
    const random = seededRandom(2)
    const whole = new Neighbours()
    let stored = new Neighbours()
    for (let i = 0; i < 30_000; i++) {
      const item = Math.floor(random() ** 2 * 3_000)
      whole.add(item, 1, random() < 0.5 ? 1 : 0)
      stored = i % 11 === 0 ? new Neighbours(stored.encode()) : stored
      stored.add(item, 1, 0)
      whole.add(item, 0, 0)
      stored.add(item, 0, 0)
    }
    const items = (row: Neighbours) => Array.from({ length: row.length }, (_, i) => row.item(i))
    expect(stored.length).toBeLessThanOrEqual(NEIGHBOURS_CAPACITY)
    expect(new Set(items(stored)).size).toBe(stored.length)
    let again = new Neighbours(stored.encode())
    for (let i = 0; i < 5_000; i++) {
      const item = Math.floor(random() * 3_000)
      again.add(item, 1, 0)
      stored.add(item, 1, 0)
      if (i % 3 === 0) again = new Neighbours(again.encode())
    }
    expect(Buffer.compare(again.encode(), stored.encode())).toBe(0)
  })
})

describe('selectRank', () => {
  it('finds what sorting would put at the rank', () => {
    const random = seededRandom(3)
    for (let round = 0; round < 200; round++) {
      const values = Float32Array.from({ length: 1 + Math.floor(random() * 60) }, () => Math.floor(random() * 20))
      const rank = Math.floor(random() * values.length)
      const expected = values.toSorted()[rank]
      expect(selectRank(values, values.length, rank)).toBe(expected)
    }
  })
})

describe('addDecayed', () => {
  it('comes to the same sum in any order of events', () => {
    const times = [5_000, 1_000, 9_000, 3_000, 3_000]
    const sum = (order: number[]) => {
      const pair = new Float64Array(2)
      for (const at of order) addDecayed(pair, 0, 1, at, 2_000)
      return pair
    }
    const forward = sum(times.toSorted((a, b) => a - b))
    const backward = sum(times.toSorted((a, b) => b - a))
    expect(forward[1]).toBe(9_000)
    expect(backward[1]).toBe(9_000)
    expect(backward[0]).toBeCloseTo(forward[0]!, 12)
    expect(forward[0]).toBeCloseTo(1 + 2 ** -2 + 2 * 2 ** -3 + 2 ** -4, 12)
  })
})

describe('ItemStatisticsChunk', () => {
  it('counts visits, ratings and their moments, and halves popularity in its half-life', () => {
    const chunk = new ItemStatisticsChunk()
    chunk.add(33, 4, 0)
    chunk.add(33, Number.NaN, POPULARITY_HALF_LIFE_MS)
    chunk.add(32, 5, 0)
    const read = new ItemStatisticsChunk(chunk.encode()).get(33)
    expect(read).toMatchObject({ visits: 2, ratings: 1, ratingSum: 4, ratingSquares: 16, popularity: 1.5 })
    expect(read.popularityAt).toBe(POPULARITY_HALF_LIFE_MS)
  })
})

describe('UserFeatures', () => {
  it('keeps means, variance and tastes, strongest first', () => {
    const features = new UserFeatures()
    features.add(5, 1, 1_000, [0, 1], 1990)
    features.add(1, -1, 2_000, [1], 2000)
    features.add(Number.NaN, 0.5, 500, [2], undefined)
    const read = new UserFeatures(features.encode())
    expect(read.count).toBe(3)
    expect(read.meanValue).toBe(3)
    expect(read.valueVariance).toBe(4)
    expect(read.meanYear).toBe(1995)
    expect([read.firstAt, read.lastAt]).toEqual([500, 2_000])
    expect(read.genres(2_000).map(({ genre, visits }) => [genre, visits])).toEqual([
      [0, 1],
      [2, 1],
      [1, 2],
    ])
  })

  it('has nothing to say of a user without events', () => {
    const features = new UserFeatures()
    expect([features.meanValue, features.meanYear, features.lastAt, features.firstAt]).toEqual([null, null, null, null])
  })

  it('keeps the genres met most recently when there are more than its bound', () => {
    const features = new UserFeatures()
    for (let genre = 0; genre <= GENRES_LENGTH; genre++) features.add(5, 1, genre, [genre], undefined)
    const genres = features.genres(GENRES_LENGTH).map(({ genre }) => genre)
    expect(genres).toHaveLength(GENRES_LENGTH)
    expect(genres).not.toContain(0)
    expect(genres).toContain(GENRES_LENGTH)
  })
})

describe('Vocabulary', () => {
  it('gives ordinals in order of appearance and stores only chunks that grew', () => {
    const vocabulary = new Vocabulary()
    for (let i = 0; i < VOCABULARY_CHUNK + 2; i++) vocabulary.ordinal(`name ${i}`)
    const changes = vocabulary.changes()
    expect(changes.map(([chunk]) => chunk)).toEqual([0, 1])
    expect(vocabulary.changes()).toEqual([])
    vocabulary.ordinal('name 0')
    expect(vocabulary.changes()).toEqual([])
    vocabulary.ordinal('ünïcode "quoted"')
    const later = vocabulary.changes()
    expect(later.map(([chunk]) => chunk)).toEqual([1])

    const read = new Vocabulary()
    for (const [chunk, bytes] of [...changes, ...later]) read.load(chunk, bytes)
    expect(read.size).toBe(VOCABULARY_CHUNK + 3)
    expect(read.find('ünïcode "quoted"')).toBe(VOCABULARY_CHUNK + 2)
    expect(read.name(VOCABULARY_CHUNK)).toBe(`name ${VOCABULARY_CHUNK}`)
    expect(read.find('never')).toBe(-1)
  })
})
