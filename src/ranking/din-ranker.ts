import { type AttendedHistory, attendedHistory } from '../kernels/attended-history.ts'
import { columnMoments } from '../kernels/column-moments.ts'
import { DinKernel, type DinRequest } from '../kernels/din-kernel.ts'
import { HEADS } from '../kernels/din-weights.ts'
import type { PairScores } from '../models/pair-scores.ts'
import type { Tensors } from '../models/tensors.ts'
import type { Scored } from '../retrieval/retriever.ts'
import { topOf } from '../retrieval/top-of.ts'
import {
  type Attention,
  CANDIDATES,
  type CandidateRanker,
  type Ranking,
  type RankingWishes,
  rankingOf,
  scoresBeside,
} from './candidate-ranker.ts'
import type { FeatureReader } from './features.ts'
import { NETWORK, networkOf } from './network-logit.ts'
import { rankRows, withoutEach } from './rank-candidates.ts'
import { decodeParameters, type RankerParameters } from './ranker-parameters.ts'

/** Index of a release's vocabulary, or -1, by item index. */
interface Vocabulary {
  vocabularyIndex(item: number): number
}

/** Puts candidates in order by a released network that attends over the live history. */
export class DinRanker implements CandidateRanker {
  readonly name = 'din'
  readonly #reader: FeatureReader
  readonly #kernel: DinKernel
  /** Over all other features. */
  readonly #network: RankerParameters
  readonly #vocabulary: Vocabulary
  /** What the kernel holds the states of. */
  #ranked: { readonly scored: Scored; readonly candidates: readonly number[]; readonly entries: number } | undefined

  /** @param tensors of the release */
  constructor(tensors: Tensors, pairs: PairScores, vocabulary: Vocabulary, reader: FeatureReader) {
    this.#reader = reader
    this.#vocabulary = vocabulary
    this.#kernel = new DinKernel(tensors, [...reader.names, NETWORK], reader.contextNames, pairs)
    this.#network = decodeParameters(networkOf(tensors), reader.names, reader.contextNames)
  }

  rank(scored: Scored, kept: readonly number[], wishes: RankingWishes): Ranking {
    const candidates = topOf(kept, CANDIDATES, scored.blended)
    return rankingOf(candidates, this.#scores(scored, candidates, wishes))
  }

  scoresBeside(scored: Scored, ranking: Ranking, others: readonly number[], wishes: RankingWishes): number[] {
    return scoresBeside(ranking, others, (candidates) => this.#scores(scored, candidates, wishes))
  }

  explain(scored: Scored, ranked: readonly number[], item: number): [feature: string, logit: number][] {
    const { names } = this.#reader
    const { items, context } = this.#reader.read(scored, ranked)
    const { means } = columnMoments(items, names.length)
    const row = ranked.indexOf(item)
    const rows = withoutEach(items.subarray(row * names.length, (row + 1) * names.length), means)
    const network = rankRows(this.#network, items, context, means)
    const request: DinRequest = {
      items: new Int32Array(names.length + 1).fill(this.#vocabulary.vocabularyIndex(item)),
      features: rows,
      last: rankRows(this.#network, rows, context, means),
      means: [...means, meanOf(network)],
      context,
      history: this.#historyOf(scored),
    }
    this.#ranked = undefined
    const logits = this.#kernel.rank(request)
    return names
      .map((name, feature): [string, number] => [name, logits[0]! - logits[(feature + 1) * HEADS]!])
      .sort(([, a], [, b]) => Math.abs(b) - Math.abs(a))
  }

  attention(scored: Scored, ranked: readonly number[], item: number): Attention[] {
    if (this.#ranked?.scored !== scored || !this.#ranked.candidates.includes(item)) this.#logits(scored, ranked)
    const { candidates, entries } = this.#ranked!
    const weights = this.#kernel.attention(candidates.indexOf(item), entries)
    const total = weights.reduce((sum, weight) => sum + Math.abs(weight), 0)
    return [...weights]
      .map((weight, entry) => ({ entry, weight: weight / (total || 1) }))
      .filter(({ weight }) => weight !== 0)
      .sort((x, y) => Math.abs(y.weight) - Math.abs(x.weight))
  }

  /** By candidate: the logarithm of the chance that it is taken and, as far as wished, that it pleases then. */
  #scores(scored: Scored, candidates: readonly number[], { satisfaction }: RankingWishes): Float64Array {
    const logits = this.#logits(scored, candidates)
    return Float64Array.from(candidates, (_, row) => {
      const taken = logits[row * HEADS]!
      if (satisfaction === 0) return taken
      return (1 - satisfaction) * taken - satisfaction * Math.log1p(Math.exp(-logits[row * HEADS + 1]!))
    })
  }

  #logits(scored: Scored, candidates: readonly number[]): Float32Array {
    const request = this.#request(scored, candidates)
    this.#ranked = { scored, candidates, entries: request.history.length }
    return this.#kernel.rank(request)
  }

  #request(scored: Scored, candidates: readonly number[]): DinRequest {
    const { items, context } = this.#reader.read(scored, candidates)
    const { means } = columnMoments(items, this.#reader.names.length)
    const network = rankRows(this.#network, items, context, means)
    return {
      items: Int32Array.from(candidates, (item) => this.#vocabulary.vocabularyIndex(item)),
      features: items,
      last: network,
      means: [...means, meanOf(network)],
      context,
      history: this.#historyOf(scored),
    }
  }

  #historyOf({ context: { history, now } }: Scored): AttendedHistory {
    return attendedHistory(history, now, (item) => this.#vocabulary.vocabularyIndex(item))
  }
}

function meanOf(logits: Float64Array): number {
  return logits.reduce((sum, logit) => sum + logit, 0) / logits.length
}
