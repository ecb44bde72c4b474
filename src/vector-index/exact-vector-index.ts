import { innerProduct } from '../inner-product.ts'
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
    const { size } = this
    const [scores, labels, scratch] = [this.#scores, this.#labels, this.#scratch]
    for (let row = 0; row < size; row++) {
      scores[row] = innerProduct(this.#vectors, row * this.dimensions, query, 0, this.dimensions)
    }
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
    this.#rows.clear()
    this.#vectors = new Float32Array(0)
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
