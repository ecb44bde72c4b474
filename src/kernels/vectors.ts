import { LinearAlgebra, padded } from './linear-algebra.ts'

/** Rows whose products with a query are worked out at once. */
const BLOCK = 1024
const ARRAYS = 4

/** Vectors of one length by row, and their inner products with queries, in WebAssembly with SIMD. */
export class Vectors {
  readonly dimensions: number
  /** Of a row: whole registers. */
  readonly #stride: number
  #algebra: LinearAlgebra
  /** (capacity, stride) */
  #rows: Float32Array
  #query: Float32Array
  #ids: Int32Array
  #products: Float32Array
  #capacity: number
  #size = 0

  /** @param capacity rows that there is room for at first */
  constructor(dimensions: number, capacity: number) {
    this.dimensions = dimensions
    this.#stride = padded(dimensions)
    this.#capacity = Math.max(1, capacity)
    this.#algebra = new LinearAlgebra(this.#capacity * this.#stride + this.#stride + 2 * BLOCK, ARRAYS)
    this.#rows = this.#algebra.array(this.#capacity * this.#stride)
    this.#query = this.#algebra.array(this.#stride)
    this.#products = this.#algebra.array(BLOCK)
    const { buffer, byteOffset, length } = this.#algebra.array(BLOCK)
    this.#ids = new Int32Array(buffer, byteOffset, length)
  }

  /** Rows below it have a vector, or are zeros. */
  get size(): number {
    return this.#size
  }

  put(row: number, vector: Float32Array): void {
    if (row >= this.#capacity) this.#grow(Math.max(2 * this.#capacity, row + 1))
    this.#rows.set(vector, row * this.#stride)
    this.#size = Math.max(this.#size, row + 1)
  }

  of(row: number): Float32Array {
    return this.#rows.subarray(row * this.#stride, row * this.#stride + this.dimensions)
  }

  /**
   * The inner product of every row with a query.
   * @param into by row
   */
  products(query: Float32Array, into: Float32Array | Float64Array): void {
    const stride = this.#stride
    this.#query.set(query)
    const [a, rows, out] = [this.#query.byteOffset, this.#rows.byteOffset, this.#products.byteOffset]
    for (let first = 0; first < this.#size; first += BLOCK) {
      const count = Math.min(BLOCK, this.#size - first)
      this.#algebra.run.products(a, rows + 4 * first * stride, stride, count, stride, out)
      into.set(this.#products.subarray(0, count), first)
    }
  }

  /**
   * The inner products of some rows with a query, 0 for those below 0.
   * @param into by place in `rows`
   */
  productsOf(rows: Int32Array, query: Float32Array, into: Float32Array | Float64Array): void {
    this.#query.set(query)
    const [a, b, ids, out] = [this.#query, this.#rows, this.#ids, this.#products].map(({ byteOffset }) => byteOffset)
    for (let first = 0; first < rows.length; first += BLOCK) {
      const some = rows.subarray(first, first + BLOCK)
      this.#ids.set(some)
      this.#algebra.run.productsOf(a!, b!, this.#stride, ids!, some.length, out!)
      into.set(this.#products.subarray(0, some.length), first)
    }
  }

  #grow(capacity: number): void {
    const larger = new Vectors(this.dimensions, capacity)
    larger.#rows.set(this.#rows)
    this.#algebra = larger.#algebra
    this.#rows = larger.#rows
    this.#query = larger.#query
    this.#ids = larger.#ids
    this.#products = larger.#products
    this.#capacity = larger.#capacity
  }
}
