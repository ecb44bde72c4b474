import type { BlendWeights } from '../models/blend-weights.ts'
import type { CandidateSource, RequestContext } from './sources/candidate-source.ts'
import { Scores, saturated } from './sources/scores.ts'

/** One source with what it proposed for the request in hand. */
export class Proposal {
  readonly source: CandidateSource
  readonly scores = new Scores()
  /** The greatest of its scores by amount, if it can be of what the user has not met lately; 0 where it has none. */
  best = 0
  /** Of the source, in the latest run. */
  weight: number

  constructor(source: CandidateSource) {
    this.source = source
    this.weight = source.weight
  }

  /** What it adds to an item's blended score: the score relative to the best, saturated, times its weight. */
  contribution(item: number): number {
    return this.best > 0 ? this.weight * saturated(this.scores.get(item) / this.best) : 0
  }
}

/**
 * Asks every source and adds up what they say. Scores of different sources have different scales, and most of a
 * source's are far below its best: relative to the best and saturated, what several sources agree on a little stands
 * beside what one of them is sure of.
 *
 * Owns the arrays it scores in: the outcome is valid until the next call.
 */
export class Blend {
  readonly #proposals: readonly Proposal[]
  readonly #blended = new Scores()
  /** By item index: 1 for what stands in the history. */
  #met = new Uint8Array(0)

  constructor(sources: readonly CandidateSource[]) {
    this.#proposals = sources.map((source) => new Proposal(source))
  }

  /** @param size item indexes given out so far */
  run(
    context: RequestContext,
    size: number,
    weights?: BlendWeights,
  ): { blended: Scores; proposals: readonly Proposal[] } {
    if (this.#met.length < size) this.#met = new Uint8Array(2 * size)
    for (const { item } of context.history) this.#met[item] = 1
    this.#blended.reset(size)
    for (const proposal of this.#proposals) {
      const { source, scores } = proposal
      scores.reset(size)
      source.propose(context, scores)
      proposal.best = scores.most(this.#met)
      proposal.weight = weights?.get(source.name) ?? source.weight
      if (proposal.best > 0) this.#blended.addSaturated(scores, proposal.weight, proposal.best)
    }
    for (const { item } of context.history) this.#met[item] = 0
    return { blended: this.#blended, proposals: this.#proposals }
  }
}
