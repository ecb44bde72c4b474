import { DEFAULT_KINDS } from '../events/kinds.ts'
import { notSeen } from '../retrieval/filters.ts'
import type { Scored } from '../retrieval/retriever.ts'
import { topOf } from '../retrieval/top-of.ts'
import { greatest } from '../select.ts'

/** Candidates that are ranked: the first of the blend. */
export const CANDIDATES = 400

/** Some candidates, best first. */
export interface Ranking {
  readonly items: readonly number[]
  /** Logits, in the order of `items`. */
  readonly logits: readonly number[]
}

/** What is asked of a ranker beside the order of relevance. */
export interface RankingWishes {
  /** 0 for what is taken most likely, 1 for what pleases most where it is taken. */
  readonly satisfaction: number
}

/** Wishes for nothing but the order of relevance. */
export const RELEVANCE: RankingWishes = { satisfaction: 0 }

/** A released model that puts candidates in order. One call at a time. */
export interface CandidateRanker {
  readonly name: 'ranker' | 'din'
  /** @param kept candidates that the filters have left; the first CANDIDATES of the blend are ranked, the rest left out */
  rank(scored: Scored, kept: readonly number[], wishes: RankingWishes): Ranking
  /** What any items would score if they were candidates beside the ranked ones, which keep their logits. */
  scoresBeside(scored: Scored, ranking: Ranking, others: readonly number[], wishes: RankingWishes): number[]
  /**
   * What speaks for or against an item among the candidates ranked with it: logits by feature, the strongest first.
   * @param ranked as `rank` answered
   */
  explain(scored: Scored, ranked: readonly number[], item: number): [feature: string, logit: number][]
  /**
   * What of the history it attended to for an item: the shares of the entries, which sum to 1 by amount, strongest first.
   * Entries that play no part are left out.
   */
  attention?(scored: Scored, ranked: readonly number[], item: number): Attention[]
  /** The entry that speaks most for an item, of those; undefined where none does. */
  mostAttended?(scored: Scored, ranked: readonly number[], item: number): Attention | undefined
}

export interface Attention {
  /** Position in the history, 0 the newest. */
  readonly entry: number
  /** Less than 0 where the entry speaks against the item. */
  readonly weight: number
}

/** What would be ranked if nothing but what was seen were filtered: the candidates that a ranker learns from. */
export function unseenCandidates({ context, blended }: Scored): number[] {
  const filter = notSeen(context.history, context.user, DEFAULT_KINDS)
  const unseen: number[] = []
  for (const item of blended.items) if (filter.keeps(item)) unseen.push(item)
  return topOf(unseen, CANDIDATES, blended)
}

/** @param logits by row of `candidates` */
export function rankingOf(candidates: readonly number[], logits: Float64Array): Ranking {
  const items = new Array<number>(candidates.length)
  const ordered = new Array<number>(candidates.length)
  const rows = greatest(logits, candidates.length, candidates.length)
  for (let rank = 0; rank < rows.length; rank++) {
    items[rank] = candidates[rows[rank]!]!
    ordered[rank] = logits[rows[rank]!]!
  }
  return { items, logits: ordered }
}

/**
 * What `others` score beside a ranking.
 * @param logitsOf a list of candidates: by row
 */
export function scoresBeside(
  { items, logits }: Ranking,
  others: readonly number[],
  logitsOf: (candidates: readonly number[]) => ArrayLike<number>,
): number[] {
  const known = new Map(items.map((item, rank) => [item, logits[rank]!]))
  const candidates = [...items, ...new Set(others.filter((item) => !known.has(item)))]
  const all = logitsOf(candidates)
  for (let row = items.length; row < candidates.length; row++) known.set(candidates[row]!, all[row]!)
  return others.map((item) => known.get(item)!)
}
