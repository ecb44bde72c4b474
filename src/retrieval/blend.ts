import type { CandidateSource, RequestContext } from './sources/candidate-source.ts'
import { Scores } from './sources/scores.ts'

/** One source with what it proposed for the request in hand. */
export interface Proposal {
  readonly source: CandidateSource
  readonly scores: Scores
}

/**
 * Asks every source and adds their scores up, each by its weight. The weights make one scale of them: what the history
 * says leads, the lists that are the same for all order what it leaves open and carry who has no history.
 *
 * Owns the arrays it scores in: the outcome is valid until the next call.
 */
export class Blend {
  readonly #proposals: readonly Proposal[]
  readonly #blended = new Scores()

  constructor(sources: readonly CandidateSource[]) {
    this.#proposals = sources.map((source) => ({ source, scores: new Scores() }))
  }

  /** @param size item indexes given out so far */
  run(context: RequestContext, size: number): { blended: Scores; proposals: readonly Proposal[] } {
    this.#blended.reset(size)
    for (const { source, scores } of this.#proposals) {
      scores.reset(size, (into) => source.propose(context, into))
      source.propose(context, scores)
      this.#blended.addAll(scores, source.weight)
    }
    return { blended: this.#blended, proposals: this.#proposals }
  }
}
