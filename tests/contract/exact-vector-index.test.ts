import { describe, expect, it } from 'vitest'
import { ExactVectorIndex } from '../../src/vector-index/exact-vector-index.ts'
import { bruteForce, clusteredVectors, vectorIndexSuite } from './vector-index.suite.ts'

vectorIndexSuite('exact', { create: (dimensions) => new ExactVectorIndex(dimensions) })

describe('exact search', () => {
  it('finds precisely what brute force does', () => {
    const vectors = clusteredVectors(500, 17, 2)
    const index = new ExactVectorIndex(17, 4)
    for (const [label, one] of vectors.entries()) index.add(label, one)
    for (const query of clusteredVectors(20, 17, 3)) {
      expect(index.search(query, 50).labels).toEqual(bruteForce(vectors, query, 50))
    }
  })

  it('gives equals in the order of their labels', () => {
    const index = new ExactVectorIndex(1)
    for (const label of [4, 2, 9, 1]) index.add(label, Float32Array.of(1))
    expect(index.search(Float32Array.of(1), 3).labels).toEqual([1, 2, 4])
  })
})
