import type { Tensors } from '../models/tensors.ts'
import type { Scored } from '../retrieval/retriever.ts'
import { topOf } from '../retrieval/top-of.ts'
import { CANDIDATES, type CandidateRanker, type Ranking, rankingOf, scoresBeside } from './candidate-ranker.ts'
import type { FeatureReader } from './features.ts'
import { contributions, rankCandidates } from './rank-candidates.ts'
import { decodeParameters, type RankerParameters } from './ranker-parameters.ts'

/** Puts candidates in order by a released network over features alone. */
export class Ranker implements CandidateRanker {
  readonly name = 'ranker'
  readonly #reader: FeatureReader
  readonly #parameters: RankerParameters

  /** @param tensors of the release */
  constructor(tensors: Tensors, reader: FeatureReader) {
    this.#reader = reader
    this.#parameters = decodeParameters(tensors, reader.names, reader.contextNames)
  }

  rank(scored: Scored, kept: readonly number[]): Ranking {
    const candidates = topOf(kept, CANDIDATES, scored.blended)
    return rankingOf(candidates, this.#logits(scored, candidates))
  }

  scoresBeside(scored: Scored, ranking: Ranking, others: readonly number[]): number[] {
    return scoresBeside(ranking, others, (candidates) => this.#logits(scored, candidates))
  }

  explain(scored: Scored, ranked: readonly number[], item: number): [feature: string, logit: number][] {
    const table = this.#reader.read(scored, ranked)
    const logits = contributions(this.#parameters, table, ranked.indexOf(item))
    return this.#reader.names
      .map((name, feature): [string, number] => [name, logits[feature]!])
      .sort(([, a], [, b]) => Math.abs(b) - Math.abs(a))
  }

  #logits(scored: Scored, candidates: readonly number[]): Float64Array {
    const logits = new Float64Array(candidates.length)
    rankCandidates(this.#parameters, this.#reader.read(scored, candidates), logits)
    return logits
  }
}
