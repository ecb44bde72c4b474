import { describe, expect, it } from 'vitest'
import { nearestEmbeddings } from '../../src/retrieval/nearest-embeddings.ts'
import { seededRandom } from '../fakes/seeded-random.ts'

describe('the nearest embeddings', () => {
  it('are those of the greatest cosine, whatever their length, without the item itself', () => {
    const random = seededRandom(1)
    const vectors = Array.from({ length: 300 }, () => Float32Array.from({ length: 8 }, () => random() - 0.5))
    // Twice as long, and in the very same direction.
    vectors[7] = vectors[3]!.map((value) => 2 * value)
    const { labels, cosines } = nearestEmbeddings(3, 10, vectors.length, (label) => vectors[label]!)
    const cosineTo = (label: number) => {
      const dot = vectors[label]!.reduce((sum, value, i) => sum + value * vectors[3]![i]!, 0)
      return dot / (Math.hypot(...vectors[label]!) * Math.hypot(...vectors[3]!))
    }
    const all = [...vectors.keys()].filter((label) => label !== 3).sort((a, b) => cosineTo(b) - cosineTo(a))
    expect(labels).toEqual(all.slice(0, 10))
    expect(labels[0]).toBe(7)
    expect(cosines[0]).toBeCloseTo(1)
    cosines.forEach((cosine, rank) => {
      expect(cosine).toBeCloseTo(cosineTo(labels[rank]!))
    })
  })

  it('are as many as there are, and an embedding of nothing is near to nothing', () => {
    const vectors = [Float32Array.of(0, 0), Float32Array.of(1, 0), Float32Array.of(0, 1)]
    const { labels, cosines } = nearestEmbeddings(0, 10, 3, (label) => vectors[label]!)
    expect(labels).toEqual([1, 2])
    expect(cosines).toEqual([0, 0])
  })
})
