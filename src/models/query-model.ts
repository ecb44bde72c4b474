import type { User } from '../events/types.ts'

/** A live history as the query towers read it, oldest first, in columns. */
export interface QueryHistory {
  readonly length: number
  /** Index of the release's vocabulary, -1 for an item it does not know. */
  readonly item: Int32Array
  /** Index into KINDS. */
  readonly kind: Uint8Array
  /** NaN where there is none. */
  readonly value: Float32Array
  /** Event time, ms. */
  readonly at: Float64Array
  /** Time of the request, ms. */
  readonly now: number
  /** Of whose history it is, where any are known. */
  readonly attributes?: User['attributes'] | undefined
}

/**
 * A trained retrieval model at the moment of a request: an item's score is the inner product of its vector with the
 * query's. Owns its buffers: one call at a time.
 */
export interface QueryModel {
  readonly dimensions: number
  /** (items, dimensions), row by row, in the order of the vocabulary. */
  readonly items: Float32Array
  /**
   * @param into (dimensions), written where the answer is true
   * @returns false where history and attributes say nothing to this model: it then proposes nothing
   */
  query(history: QueryHistory, into: Float32Array): boolean
}
