/** Scores all items for a user, for one system or for several that share what they know. */
export interface Scorer {
  readonly systems: readonly string[]
  /** The event with that sequence number has happened. */
  learn(sequence: number): void | Promise<void>
  /** Trains on what has been learned so far, where the system has a model to train. */
  fit?(): void
  /** Called before every case, also those that other threads score: what a reading brings about must not depend on it. */
  prepare?(user: number): void | Promise<void>
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
