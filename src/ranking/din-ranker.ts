import { type AttendedHistory, attendedHistory } from '../kernels/attended-history.ts'
import { columnMoments } from '../kernels/column-moments.ts'
import { DinKernel, type DinRequest } from '../kernels/din-kernel.ts'
import { HEADS } from '../kernels/din-weights.ts'
import type { PairScores } from '../models/pair-scores.ts'
import type { Tensors } from '../models/tensors.ts'
import type { Scored } from '../retrieval/retriever.ts'
import { topOf } from '../retrieval/top-of.ts'
import { greatest } from '../select.ts'
import {
  type Attention,
  CANDIDATES,
  type CandidateRanker,
  type Ranking,
  type RankingWishes,
  rankingOf,
  scoresBeside,
} from './candidate-ranker.ts'
import type { FeatureReader, FeatureTable } from './features.ts'
import { NETWORK, networkOf, withColumn } from './network-logit.ts'
import { rankRows, withoutEach } from './rank-candidates.ts'
import { decodeParameters, type RankerParameters } from './ranker-parameters.ts'

/**
 * Candidates that the network over features puts first, whose interest is looked at: it moves a candidate by a few places,
 * and what stands far below is not served. (Of 943 users of MovieLens 100K none had one of the network's 44th place or
 * below among the first 20.)
 */
const ATTENDED_TO = 160

/** Index of a release's vocabulary, or -1, by item index. */
interface Vocabulary {
  vocabularyIndex(item: number): number
}

interface Read {
  readonly scored: Scored
  readonly table: FeatureTable
  /** Logits of the network over the features, by row. */
  readonly network: Float64Array
  /** Of the features, and of the logits. */
  readonly means: readonly number[]
}

/** Puts candidates in order by a released network that attends over the live history. */
export class DinRanker implements CandidateRanker {
  readonly name = 'din'
  readonly #reader: FeatureReader
  readonly #kernel: DinKernel
  /** Over all other features. */
  readonly #network: RankerParameters
  readonly #vocabulary: Vocabulary
  readonly #attendedTo: number
  /** Of what is attended to, by row: the index of the vocabulary, and (rows, features and the network's logit). */
  #labels = new Int32Array(0)
  #features = new Float32Array(0)
  /** What the kernel holds the states of. */
  #attended: { readonly scored: Scored; readonly candidates: readonly number[]; readonly entries: number } | undefined

  /**
   * @param tensors of the release
   * @param attendedTo candidates whose interest is looked at
   */
  constructor(
    tensors: Tensors,
    pairs: PairScores,
    vocabulary: Vocabulary,
    reader: FeatureReader,
    attendedTo = ATTENDED_TO,
  ) {
    this.#reader = reader
    this.#attendedTo = attendedTo
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
      features: withColumn(rows, rankRows(this.#network, rows, context, means)),
      means: withLast(means, meanOf(network)),
      context,
      history: this.#historyOf(scored),
    }
    this.#attended = undefined
    const logits = this.#kernel.rank(request)
    return names
      .map((name, feature): [string, number] => [name, logits[0]! - logits[(feature + 1) * HEADS]!])
      .sort(([, a], [, b]) => Math.abs(b) - Math.abs(a))
  }

  attention(scored: Scored, ranked: readonly number[], item: number): Attention[] {
    const attention: Attention[] = []
    for (const [entry, weight] of this.#shares(scored, ranked, item).entries()) {
      if (weight !== 0) attention.push({ entry, weight })
    }
    return attention.sort((x, y) => Math.abs(y.weight) - Math.abs(x.weight))
  }

  mostAttended(scored: Scored, ranked: readonly number[], item: number): Attention | undefined {
    const shares = this.#shares(scored, ranked, item)
    let most = 0
    for (let entry = 1; entry < shares.length; entry++) if (shares[entry]! > shares[most]!) most = entry
    return shares.length > 0 && shares[most]! > 0 ? { entry: most, weight: shares[most]! } : undefined
  }

  /** By history entry. */
  #shares(scored: Scored, ranked: readonly number[], item: number): Float64Array {
    if (this.#attended?.scored !== scored || !this.#attended.candidates.includes(item)) {
      this.#attend(this.#read(scored, ranked), ranked.length)
    }
    const { candidates, entries } = this.#attended!
    const shares = this.#kernel.attention(candidates.indexOf(item), entries)
    let total = 0
    for (let entry = 0; entry < entries; entry++) total += Math.abs(shares[entry]!)
    if (total > 0) for (let entry = 0; entry < entries; entry++) shares[entry]! /= total
    return shares
  }

  /**
   * By candidate: the logarithm of the chance that it is taken and, as far as wished, that it pleases then. Where nothing
   * but relevance is wished for, what is not attended to comes after what is, at the distances that the network sees.
   */
  #scores(scored: Scored, candidates: readonly number[], { satisfaction }: RankingWishes): Float64Array {
    const read = this.#read(scored, candidates)
    const { rows, logits } = this.#attend(read, satisfaction === 0 ? this.#attendedTo : candidates.length)
    const scores = read.network
    if (rows.length < candidates.length) {
      let least = Infinity
      for (let i = 0; i < rows.length; i++) least = Math.min(least, logits[i * HEADS]!)
      const shift = least - scores[rows.at(-1)!]!
      for (let row = 0; row < scores.length; row++) scores[row]! += shift
    }
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!
      const taken = logits[i * HEADS]!
      scores[row] = taken
      if (satisfaction === 0) continue
      scores[row] = (1 - satisfaction) * taken - satisfaction * Math.log1p(Math.exp(-logits[i * HEADS + 1]!))
    }
    return scores
  }

  /** The features of a list, and what the network over them makes of it. */
  #read(scored: Scored, candidates: readonly number[]): Read {
    const table = this.#reader.read(scored, candidates)
    const { means } = columnMoments(table.items, this.#reader.names.length)
    const network = rankRows(this.#network, table.items, table.context, means)
    return { scored, table, network, means: withLast(means, meanOf(network)) }
  }

  /**
   * The logits of the `most` candidates that the network puts first.
   * @returns their rows in the list, and (rows, HEADS)
   */
  #attend({ scored, table, network, means }: Read, most: number): { rows: Int32Array; logits: Float32Array } {
    const { candidates, items, context } = table
    const width = this.#reader.names.length
    const rows = greatest(network, network.length, most)
    const [count, columns] = [rows.length, width + 1]
    if (count > this.#labels.length) {
      this.#labels = new Int32Array(count)
      this.#features = new Float32Array(count * columns)
    }
    const labels = this.#labels.subarray(0, count)
    const features = this.#features.subarray(0, count * columns)
    const attended = new Array<number>(count)
    for (let i = 0; i < count; i++) {
      const row = rows[i]!
      for (let f = 0; f < width; f++) features[i * columns + f] = items[row * width + f]!
      features[i * columns + width] = network[row]!
      attended[i] = candidates[row]!
      labels[i] = this.#vocabulary.vocabularyIndex(candidates[row]!)
    }
    const history = this.#historyOf(scored)
    const logits = this.#kernel.rank({ items: labels, features, means, context, history })
    this.#attended = { scored, candidates: attended, entries: history.length }
    return { rows, logits }
  }

  #historyOf({ context: { history, now } }: Scored): AttendedHistory {
    return attendedHistory(history, now, (item) => this.#vocabulary.vocabularyIndex(item))
  }
}

function withLast(means: Float64Array, last: number): number[] {
  const all = new Array<number>(means.length + 1)
  for (let i = 0; i < means.length; i++) all[i] = means[i]!
  all[means.length] = last
  return all
}

function meanOf(logits: Float64Array): number {
  return logits.reduce((sum, logit) => sum + logit, 0) / logits.length
}
