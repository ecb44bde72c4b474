import type { Pace } from '../in-passing.ts'

/** How much a history entry matters for a candidate by the items alone, as a trained model has it. One call at a time. */
export interface PairScores {
  /**
   * @param item of the history: index of the vocabulary
   * @returns by candidate: index of the vocabulary
   */
  of(item: number): Float32Array
  /** Works the scores of some items out before anyone waits for them, as far as they are kept, an item a piece. */
  prepare(items: Iterable<number>, pace: Pace): Promise<void>
}
