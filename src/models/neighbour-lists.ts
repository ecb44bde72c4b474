import type { QueryHistory } from './query-model.ts'

/** A trained item-based model at the moment of a request: the newest items of a history vote for their neighbours. */
export interface NeighbourVotes {
  /** Calls `add` for every vote, with an index of the vocabulary: an item's score is the sum of its votes. */
  vote(history: QueryHistory, add: (item: number, vote: number) => void): void
}
