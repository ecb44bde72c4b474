import { Vectors } from '../kernels/vectors.ts'

/** One model's item embeddings by label: those of the vocabulary, then those of items that came after it was trained. */
export class ItemVectors {
  readonly #vectors: Vectors
  #products = new Float64Array(0)
  /** By label: 1 / length, 0 where that is 0; worked out when it is first asked for. */
  readonly #inverseLengths: number[] = []

  /** @param trained (vocabulary, dimensions), row by row */
  constructor(trained: Float32Array, dimensions: number) {
    const vocabulary = trained.length / dimensions
    this.#vectors = new Vectors(dimensions, vocabulary)
    for (let label = 0; label < vocabulary; label++) {
      this.#vectors.put(label, trained.subarray(label * dimensions, (label + 1) * dimensions))
    }
  }

  /** Labels below it have a vector. */
  get size(): number {
    return this.#vectors.size
  }

  put(label: number, vector: Float32Array): void {
    this.#vectors.put(label, vector)
    delete this.#inverseLengths[label]
  }

  of(label: number): Float32Array {
    return this.#vectors.of(label)
  }

  /** With each of `labels`, 0 for those below 0. Valid until the next call. */
  innerProducts(labels: Int32Array, query: Float32Array): Float64Array {
    if (labels.length > this.#products.length) this.#products = new Float64Array(2 * labels.length)
    const products = this.#products.subarray(0, labels.length)
    this.#vectors.productsOf(labels, query, products)
    return products
  }

  /** With each of `labels`, 0 for those below 0 and for vectors of length 0. Valid until the next call. */
  cosines(labels: Int32Array, label: number): Float64Array {
    const cosines = this.innerProducts(labels, this.of(label))
    const inverseLength = this.#inverseLength(label)
    for (let i = 0; i < labels.length; i++) {
      if (labels[i]! >= 0) cosines[i]! *= inverseLength * this.#inverseLength(labels[i]!)
    }
    return cosines
  }

  #inverseLength(label: number): number {
    const known = this.#inverseLengths[label]
    if (known !== undefined) return known
    const square = this.of(label).reduce((sum, value) => sum + value * value, 0)
    const inverse = square > 0 ? 1 / Math.sqrt(square) : 0
    this.#inverseLengths[label] = inverse
    return inverse
  }
}
