import { Vectors } from '../kernels/vectors.ts'
import { selectRank } from '../select.ts'
import { checkLength, checkVector } from './check-vector.ts'
import type { Neighbours, VectorIndex } from './vector-index.ts'

const FIRST_CAPACITY = 1024

/**
 * Compares a query with every vector: the oracle for the others, what serves where they are not installed, and up to some
 * thousand vectors the fastest. Of equal scores the lower label comes first.
 */
export class ExactVectorIndex implements VectorIndex {
  readonly dimensions: number
  #vectors: Vectors
  #scores = new Float64Array(0)
  /** For `selectRank`, which reorders. */
  #scratch = new Float64Array(0)
  /** By row. */
  readonly #labels: number[] = []
  readonly #rows = new Map<number, number>()

  constructor(dimensions: number, capacity = FIRST_CAPACITY) {
    this.dimensions = dimensions
    this.#vectors = new Vectors(dimensions, capacity)
  }

  get size(): number {
    return this.#labels.length
  }

  add(label: number, vector: Float32Array): void {
    checkVector(vector, this.dimensions, label)
    let row = this.#rows.get(label)
    if (row === undefined) {
      row = this.#labels.push(label) - 1
      this.#rows.set(label, row)
    }
    this.#vectors.put(row, vector)
  }

  search(query: Float32Array, k: number, keeps?: (label: number) => boolean): Neighbours {
    checkLength(query, this.dimensions)
    const { size } = this
    if (this.#scores.length < size) {
      this.#scores = new Float64Array(2 * size)
      this.#scratch = new Float64Array(2 * size)
    }
    const [scores, labels, scratch] = [this.#scores, this.#labels, this.#scratch]
    this.#vectors.products(query, scores)
    let count = 0
    for (let row = 0; row < size; row++) {
      if (keeps?.(labels[row]!) === false) scores[row] = Number.NEGATIVE_INFINITY
      else scratch[count++] = scores[row]!
    }
    const threshold = count > k ? selectRank(scratch, count, count - k) : -Number.MAX_VALUE
    const rows: number[] = []
    for (let row = 0; row < size; row++) if (scores[row]! >= threshold) rows.push(row)
    const best = rows.sort((a, b) => scores[b]! - scores[a]! || labels[a]! - labels[b]!).slice(0, k)
    return { labels: best.map((row) => labels[row]!), scores: best.map((row) => scores[row]!) }
  }

  close(): void {
    this.#labels.length = 0
    this.#rows.clear()
    this.#vectors = new Vectors(this.dimensions, 1)
  }
}
