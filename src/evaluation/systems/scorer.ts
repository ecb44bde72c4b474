/** Scores all items for a user, for one system or for several that share what they know. */
export interface Scorer {
  readonly systems: readonly string[]
  /** Those of the systems whose scores are the probability (0 to 1) that the item is what the user goes on with. */
  readonly probabilistic?: readonly string[]
  /** The event with that sequence number has happened. */
  learn(sequence: number): void | Promise<void>
  /**
   * Trains on what has been learned so far, where the system has a model to train.
   * @param index of the plan's fits, from 0
   */
  fit?(index: number): void | Promise<void>
  /**
   * A case is about to be scored, here or by another thread: what a request brings about must happen in all alike.
   * @param isMine whether `score` follows
   * @param isFirst whether a part of the cases begins, of which others may have had the one before: what is kept from
   * earlier cases is to be made anew, or scores would depend on who was asked
   */
  asked?(isMine: boolean, isFirst: boolean): void | Promise<void>
  /** @param into of each of the `systems`, by item index: filled in for every item */
  score(query: Query, into: readonly Float64Array[]): void | Promise<void>
}

export interface Query {
  /** Names the case. */
  readonly id: number
  readonly user: number
  /** Time of the request, ms. */
  readonly at: number
  /** Item indexes, oldest first: all that has been learned of the user. */
  readonly history: readonly number[]
}
