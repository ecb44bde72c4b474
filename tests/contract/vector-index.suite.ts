import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { VectorIndex } from '../../src/vector-index/vector-index.ts'
import { seededRandom } from '../fakes/seeded-random.ts'

export interface VectorIndexSubject {
  create(dimensions: number): Promise<VectorIndex> | VectorIndex
}

const vector = (...numbers: number[]) => Float32Array.from(numbers)
const ascending = (a: number, b: number) => a - b

/** Vectors around centres, of different lengths, as those of items are. */
export function clusteredVectors(count: number, dimensions: number, seed: number, centres = 20): Float32Array[] {
  const random = seededRandom(seed)
  const gaussian = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  const middles = Array.from({ length: centres }, () => Float32Array.from({ length: dimensions }, gaussian))
  return Array.from({ length: count }, (_, i) => {
    const length = 0.3 + 1.5 * random()
    return middles[i % centres]!.map((number) => length * (number + 0.7 * gaussian()))
  })
}

/** As plainly as can be: what every index is held to. */
export function bruteForce(vectors: readonly Float32Array[], query: Float32Array, k: number): number[] {
  const products = vectors.map((one) => one.reduce((sum, number, i) => sum + number * query[i]!, 0))
  return [...products.keys()].sort((a, b) => products[b]! - products[a]!).slice(0, k)
}

export function vectorIndexSuite(name: string, subject: VectorIndexSubject): void {
  describe(`${name} as a vector index`, () => {
    let index: VectorIndex

    beforeEach(async () => {
      index = await subject.create(2)
    })
    afterEach(() => index.close())

    it('is empty at first, and finds nothing then', () => {
      expect(index.size).toBe(0)
      expect(index.search(vector(1, 0), 3)).toEqual({ labels: [], scores: [] })
    })

    it('finds the greatest inner products, best first, with their values', () => {
      index.add(7, vector(1, 0))
      index.add(3, vector(0, 2))
      index.add(5, vector(3, 1))
      index.add(0, vector(-1, -1))
      const { labels, scores } = index.search(vector(1, 1), 3)
      expect(labels).toEqual([5, 3, 7])
      for (const [i, score] of [4, 2, 1].entries()) expect(scores[i]).toBeCloseTo(score, 5)
      expect(index.size).toBe(4)
    })

    it('answers all it has when more are wanted', () => {
      index.add(0, vector(1, 0))
      index.add(1, vector(0, 1))
      expect(index.search(vector(1, 0), 100).labels).toEqual([0, 1])
    })

    it('leaves out what the filter says no to, and finds the next best instead', () => {
      for (let label = 0; label < 20; label++) index.add(label, vector(label, 1))
      expect(index.search(vector(1, 0), 3, (label) => label % 2 === 0).labels).toEqual([18, 16, 14])
      expect(index.search(vector(1, 0), 3, () => false).labels).toEqual([])
    })

    it('puts a vector in the place of the one before', () => {
      index.add(1, vector(1, 0))
      index.add(2, vector(2, 0))
      index.add(1, vector(3, 0))
      expect(index.size).toBe(2)
      expect(index.search(vector(1, 0), 2).labels).toEqual([1, 2])
    })

    it('finds what is added after searches, and however many come', () => {
      for (let label = 0; label < 3000; label++) {
        index.add(label, vector(Math.cos(label), Math.sin(label)))
        if (label % 1000 === 0) index.search(vector(1, 0), 1)
      }
      index.add(3000, vector(5, 0))
      expect(index.size).toBe(3001)
      expect(index.search(vector(1, 0), 1).labels).toEqual([3000])
    })

    it.each([
      ['a vector of another length', () => index.add(0, vector(1, 2, 3))],
      ['a query of another length', () => index.search(vector(1), 1)],
      ['what is not a number', () => index.add(0, vector(Number.NaN, 1))],
      ['what is infinite', () => index.add(0, vector(1, Number.POSITIVE_INFINITY))],
    ])('refuses %s', (_, attempt) => {
      index.add(9, vector(1, 1))
      expect(attempt).toThrow(expect.objectContaining({ code: 'BAD_INPUT' }))
      expect(index.size).toBe(1)
    })

    it('finds at least 98 of the 100 nearest of 2,000 clustered vectors, on average', async () => {
      const vectors = clusteredVectors(2000, 32, 1)
      const large = await subject.create(32)
      for (const [label, one] of vectors.entries()) large.add(label, one)
      let found = 0
      const queries = clusteredVectors(100, 32, 1).map((one) => one.map((number, i) => number + (i % 3) - 1))
      for (const query of queries) {
        const truth = new Set(bruteForce(vectors, query, 100))
        const { labels } = large.search(query, 100)
        expect([...new Set(labels)].sort(ascending)).toEqual([...labels].sort(ascending))
        found += labels.filter((label) => truth.has(label)).length
      }
      large.close()
      expect(found / (100 * queries.length)).toBeGreaterThanOrEqual(0.98)
    })
  })
}
