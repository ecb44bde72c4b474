import type { Stretch } from '../stretches.ts'

/** Scores all items for a user, for one system or for several that share what they know. */
export interface Scorer {
  readonly systems: readonly string[]
  /** Those of the systems whose scores are the probability (0 to 1) that the item is what the user goes on with. */
  readonly probabilistic?: readonly string[]
  /**
   * A stretch of the plan begins.
   * @param mayAsk whether cases in it may be scored here: others skip what only a request brings about
   */
  begin?(stretch: Stretch, mayAsk: boolean): void | Promise<void>
  /** The event with that sequence number is about to happen: no system has learned it. */
  before?(sequence: number): void | Promise<void>
  /** The event with that sequence number has happened. */
  learn(sequence: number): void | Promise<void>
  /**
   * Trains on what has been learned so far, where the system has a model to train.
   * @param index of the plan's fits, from 0
   */
  fit?(index: number): void | Promise<void>
  /**
   * A case is about to be scored here.
   * @param isFirst whether it begins a part of the cases, of which others may have had the one before: what is kept from
   * earlier cases is to be made anew, or scores would depend on who was asked
   */
  asked?(isFirst: boolean): void | Promise<void>
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
