import { innerProduct } from '../inner-product.ts'

/** One model's item embeddings by label: those of the vocabulary, then those of items that came after it was trained. */
export class ItemVectors {
  readonly #dimensions: number
  /** (vocabulary, dimensions), row by row. */
  readonly #trained: Float32Array
  readonly #vocabulary: number
  /** By label less the size of the vocabulary. */
  readonly #added: Float32Array[] = []
  /** 1 / length, 0 where that is 0; worked out when it is first asked for. */
  readonly #inverseLengths: number[] = []

  /** @param trained (vocabulary, dimensions), row by row */
  constructor(trained: Float32Array, dimensions: number) {
    this.#trained = trained
    this.#dimensions = dimensions
    this.#vocabulary = trained.length / dimensions
  }

  /** Labels below it have a vector. */
  get size(): number {
    return this.#vocabulary + this.#added.length
  }

  put(label: number, vector: Float32Array): void {
    this.#added[label - this.#vocabulary] = vector
    delete this.#inverseLengths[label]
  }

  of(label: number): Float32Array {
    const start = label * this.#dimensions
    return this.#added[label - this.#vocabulary] ?? this.#trained.subarray(start, start + this.#dimensions)
  }

  innerProduct(label: number, query: Float32Array): number {
    const added = this.#added[label - this.#vocabulary]
    return added
      ? innerProduct(added, 0, query, 0, this.#dimensions)
      : innerProduct(this.#trained, label * this.#dimensions, query, 0, this.#dimensions)
  }

  /** 1 / length, 0 where that is 0. */
  inverseLength(label: number): number {
    const known = this.#inverseLengths[label]
    if (known !== undefined) return known
    const square = this.innerProduct(label, this.of(label))
    const inverse = square > 0 ? 1 / Math.sqrt(square) : 0
    this.#inverseLengths[label] = inverse
    return inverse
  }
}
