import { DEFAULT_KINDS } from '../events/kinds.ts'
import type { Tensors } from '../models/tensors.ts'
import { notSeen } from '../retrieval/filters.ts'
import type { Scored } from '../retrieval/retriever.ts'
import { topOf } from '../retrieval/top-of.ts'
import { FeatureReader } from './features.ts'
import type { ItemContent } from './item-content.ts'
import { contributions, rankCandidates } from './rank-candidates.ts'
import { decodeParameters, type RankerParameters } from './ranker-parameters.ts'

/** Candidates that are ranked: the first of the blend. */
export const CANDIDATES = 400

/** Some candidates, best first. */
export interface Ranking {
  readonly items: readonly number[]
  /** Logits, in the order of `items`. */
  readonly logits: readonly number[]
}

/** Puts candidates in order by a released ranker. One call at a time. */
export class Ranker {
  readonly #reader: FeatureReader
  readonly #parameters = new WeakMap<Tensors, RankerParameters>()
  readonly #logits = new Float64Array(CANDIDATES)

  /** @param sources names of the candidate sources, in the order of their proposals */
  constructor(sources: readonly string[], content: ItemContent) {
    this.#reader = new FeatureReader(sources, content)
  }

  /**
   * @param tensors of the release
   * @param kept candidates that the filters have left; the first CANDIDATES of the blend are ranked, the rest left out
   */
  rank(tensors: Tensors, scored: Scored, kept: readonly number[]): Ranking {
    const candidates = topOf(kept, CANDIDATES, scored.blended)
    const logits = this.#logits
    rankCandidates(this.#of(tensors), this.#reader.read(scored, candidates), logits)
    const order = candidates.map((_, row) => row).sort((a, b) => logits[b]! - logits[a]!)
    return { items: order.map((row) => candidates[row]!), logits: order.map((row) => logits[row]!) }
  }

  /** What any items would score if they were candidates beside the ranked ones, which keep their logits. */
  scoresBeside(tensors: Tensors, scored: Scored, { items, logits }: Ranking, others: readonly number[]): number[] {
    const known = new Map(items.map((item, rank) => [item, logits[rank]!]))
    const candidates = [...items, ...new Set(others.filter((item) => !known.has(item)))]
    const all = new Float64Array(candidates.length)
    rankCandidates(this.#of(tensors), this.#reader.read(scored, candidates), all)
    for (let row = items.length; row < candidates.length; row++) known.set(candidates[row]!, all[row]!)
    return others.map((item) => known.get(item)!)
  }

  /**
   * What speaks for or against an item among the candidates ranked with it: logits by feature, the strongest first.
   * @param ranked as `rank` answered
   */
  explain(
    tensors: Tensors,
    scored: Scored,
    ranked: readonly number[],
    item: number,
  ): [feature: string, logit: number][] {
    const table = this.#reader.read(scored, ranked)
    const logits = contributions(this.#of(tensors), table, ranked.indexOf(item))
    return this.#reader.names
      .map((name, feature): [string, number] => [name, logits[feature]!])
      .sort(([, a], [, b]) => Math.abs(b) - Math.abs(a))
  }

  #of(tensors: Tensors): RankerParameters {
    let parameters = this.#parameters.get(tensors)
    if (!parameters) {
      const { names, contextNames } = this.#reader
      parameters = decodeParameters(tensors, names, contextNames)
      this.#parameters.set(tensors, parameters)
    }
    return parameters
  }
}

/** What would be ranked if nothing but what was seen were filtered: the candidates that a ranker learns from. */
export function unseenCandidates({ context, blended }: Scored): number[] {
  const filter = notSeen(context.history, context.user, DEFAULT_KINDS)
  const unseen: number[] = []
  for (const item of blended.items) if (filter.keeps(item)) unseen.push(item)
  return topOf(unseen, CANDIDATES, blended)
}
