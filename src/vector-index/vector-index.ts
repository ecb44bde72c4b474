/**
 * Vectors under whole-numbered labels, found by inner product. Synchronous: a search costs well under a millisecond, and
 * a request is answered from one state of the index.
 */
export interface VectorIndex {
  readonly dimensions: number
  /** Vectors in it. */
  readonly size: number
  /**
   * Puts a vector under a label (from 0 on), in place of the one that was there.
   * @throws BAD_INPUT where the vector has another length, or a number that is not finite
   */
  add(label: number, vector: Float32Array): void
  /**
   * The `k` labels of the greatest inner products with `query`, best first; fewer where there are fewer.
   * @param keeps leaves out labels that it says no to; asked more often than `k` times
   * @throws BAD_INPUT where the query has another length
   */
  search(query: Float32Array, k: number, keeps?: (label: number) => boolean): Neighbours
  /** Gives its memory back. Nothing may be called afterwards. */
  close(): void
}

/** By rank. */
export interface Neighbours {
  readonly labels: readonly number[]
  /** Inner products. */
  readonly scores: readonly number[]
}
