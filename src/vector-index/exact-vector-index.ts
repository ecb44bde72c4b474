import { selectRank } from '../select.ts'
import { checkLength, checkVector } from './check-vector.ts'
import type { Neighbours, VectorIndex } from './vector-index.ts'

const FIRST_CAPACITY = 1024

/**
 * Compares a query with every vector: the oracle for the others, and what serves where they are not installed. Of equal
 * scores the lower label comes first.
 */
export class ExactVectorIndex implements VectorIndex {
  readonly dimensions: number
  /** (capacity, dimensions), row by row. */
  #vectors: Float32Array
  #scores: Float64Array
  /** Of equal length as `#scores`; for `selectRank`, which reorders. */
  #scratch: Float64Array
  /** By row: -1 for none. */
  #labels: Int32Array
  readonly #rows = new Map<number, number>()

  constructor(dimensions: number, capacity = FIRST_CAPACITY) {
    this.dimensions = dimensions
    this.#vectors = new Float32Array(capacity * dimensions)
    this.#scores = new Float64Array(capacity)
    this.#scratch = new Float64Array(capacity)
    this.#labels = new Int32Array(capacity)
  }

  get size(): number {
    return this.#rows.size
  }

  add(label: number, vector: Float32Array): void {
    checkVector(vector, this.dimensions, label)
    let row = this.#rows.get(label)
    if (row === undefined) {
      row = this.#rows.size
      if (row === this.#labels.length) this.#grow()
      this.#rows.set(label, row)
      this.#labels[row] = label
    }
    this.#vectors.set(vector, row * this.dimensions)
  }

  search(query: Float32Array, k: number, keeps?: (label: number) => boolean): Neighbours {
    checkLength(query, this.dimensions)
    const rows: number[] = []
    const { size } = this
    let count = 0
    for (let row = 0; row < size; row++) {
      const out = keeps !== undefined && !keeps(this.#labels[row]!)
      const score = out ? Number.NEGATIVE_INFINITY : this.#product(row, query)
      this.#scores[row] = score
      if (!out) this.#scratch[count++] = score
    }
    const threshold = count > k ? selectRank(this.#scratch, count, count - k) : Number.NEGATIVE_INFINITY
    for (let row = 0; row < size; row++) {
      const score = this.#scores[row]!
      if (score >= threshold && score !== Number.NEGATIVE_INFINITY) rows.push(row)
    }
    const best = rows
      .sort((a, b) => this.#scores[b]! - this.#scores[a]! || this.#labels[a]! - this.#labels[b]!)
      .slice(0, k)
    return { labels: best.map((row) => this.#labels[row]!), scores: best.map((row) => this.#scores[row]!) }
  }

  close(): void {
    this.#rows.clear()
    this.#vectors = new Float32Array(0)
  }

  #product(row: number, query: Float32Array): number {
    const { dimensions } = this
    const vectors = this.#vectors
    const start = row * dimensions
    let [a, b, c, d] = [0, 0, 0, 0]
    let i = 0
    // Four sums, so that no addition waits for the one before.
    for (; i + 3 < dimensions; i += 4) {
      a += vectors[start + i]! * query[i]!
      b += vectors[start + i + 1]! * query[i + 1]!
      c += vectors[start + i + 2]! * query[i + 2]!
      d += vectors[start + i + 3]! * query[i + 3]!
    }
    for (; i < dimensions; i++) a += vectors[start + i]! * query[i]!
    return a + b + c + d
  }

  #grow(): void {
    const capacity = Math.max(FIRST_CAPACITY, 2 * this.#labels.length)
    const [vectors, labels] = [new Float32Array(capacity * this.dimensions), new Int32Array(capacity)]
    vectors.set(this.#vectors)
    labels.set(this.#labels)
    this.#vectors = vectors
    this.#labels = labels
    this.#scores = new Float64Array(capacity)
    this.#scratch = new Float64Array(capacity)
  }
}
