import { Vectors } from '../kernels/vectors.ts'
import { greatest } from '../select.ts'
import { checkLength, checkVector } from './check-vector.ts'
import type { Neighbours, VectorIndex } from './vector-index.ts'

const FIRST_CAPACITY = 1024

/**
 * Compares a query with every vector: the oracle for the others, what serves where they are not installed, and up to some
 * thousand vectors the fastest. Of equal scores the lower label comes first. Labels want to be few and dense: each is a row.
 */
export class ExactVectorIndex implements VectorIndex {
  readonly dimensions: number
  #vectors: Vectors
  /** By label: 1 for those that have a vector. */
  #has = new Uint8Array(FIRST_CAPACITY)
  #size = 0
  #scores = new Float64Array(0)

  constructor(dimensions: number, capacity = FIRST_CAPACITY) {
    this.dimensions = dimensions
    this.#vectors = new Vectors(dimensions, capacity)
  }

  get size(): number {
    return this.#size
  }

  add(label: number, vector: Float32Array): void {
    checkVector(vector, this.dimensions, label)
    if (label >= this.#has.length) {
      const has = new Uint8Array(2 * label)
      has.set(this.#has)
      this.#has = has
    }
    this.#size += 1 - this.#has[label]!
    this.#has[label] = 1
    this.#vectors.put(label, vector)
  }

  search(query: Float32Array, k: number, keeps: (label: number) => boolean = () => true): Neighbours {
    checkLength(query, this.dimensions)
    const labels = this.#vectors.size
    if (this.#scores.length < labels) this.#scores = new Float64Array(2 * labels)
    const scores = this.#scores
    this.#vectors.products(query, scores)
    for (let label = 0; label < labels; label++) {
      if (this.#has[label] !== 1 || !keeps(label)) scores[label] = Number.NEGATIVE_INFINITY
    }
    const best = greatest(scores, labels, k)
    const found = { labels: new Array<number>(best.length), scores: new Array<number>(best.length) }
    for (let rank = 0; rank < best.length; rank++) {
      found.labels[rank] = best[rank]!
      found.scores[rank] = scores[best[rank]!]!
    }
    return found
  }

  close(): void {
    this.#size = 0
    this.#has.fill(0)
    this.#vectors = new Vectors(this.dimensions, 1)
  }
}
