import type { Catalogue } from '../catalogue/catalogue.ts'
import { type Attention, CANDIDATES, type CandidateRanker, RELEVANCE } from '../ranking/candidate-ranker.ts'
import { diversify } from '../ranking/diversify.ts'
import { ItemContent } from '../ranking/item-content.ts'
import { lessPopular } from '../ranking/novelty.ts'
import { Rankers } from '../ranking/rankers.ts'
import { type SeenFeatures, seenFeatures } from '../ranking/seen-features.ts'
import type { ItemIndex } from '../retrieval/online/item-index.ts'
import type { Scored } from '../retrieval/retriever.ts'
import { topOf } from '../retrieval/top-of.ts'
import type { Stage } from './inspect.ts'
import type { RecommendRequest } from './recommender.ts'

/** Candidates ordered where a blend alone decides: enough for a diverse slate to be picked from. */
const POOL = 100
/** Keeps the logarithm of what is spoken against finite. */
const LEAST_SCORE = 1e-12
/** Features that an explanation names: those that matter most. */
const EXPLAINED = 8

/** The items of a slate, best first, and how they came by their places. */
export interface OrderedSlate {
  readonly items: readonly number[]
  /** What an item was ordered by. */
  score(item: number): number
  /** What spoke for it and against it, by feature: where a ranker ordered. */
  readonly features?: (item: number) => Readonly<Record<string, number>>
  /** What of the history it was attended to: where a ranker ordered that attends to it. */
  readonly attention?: (item: number) => readonly Attention[]
  readonly mostAttended?: (item: number) => Attention | undefined
}

/** Orders candidates: by the ranker of a release where it has one, else as the blend does; then for diversity. */
export class SlateOrder {
  readonly #content: ItemContent
  readonly #rankers: Rankers

  /** @param sources names of the candidate sources, in the order of their proposals */
  constructor(sources: readonly string[], items: ItemIndex, catalogue: Catalogue) {
    this.#content = new ItemContent(items, catalogue)
    this.#rankers = new Rankers(sources, this.#content)
  }

  /**
   * @param kept candidates that the filters have left
   */
  order(
    scored: Scored,
    kept: readonly number[],
    request: Pick<RecommendRequest, 'k' | 'diversity' | 'diversifier' | 'satisfaction' | 'novelty'>,
  ): OrderedSlate {
    const { k, diversity = 0, diversifier, satisfaction = 0, novelty = 0 } = request
    const { blended, context } = scored
    const ranker = this.#rankers.of(context.release)
    const { visits } = context.table
    if (!ranker) {
      const items = topOf(kept, diversity > 0 || novelty > 0 ? Math.max(POOL, k) : k, blended)
      // With popularity to be taken from them, scores are as good as chances.
      const logits = items.map((item) =>
        novelty > 0 ? Math.log(Math.max(LEAST_SCORE, blended.get(item))) : blended.get(item),
      )
      const ranking = lessPopular({ items, logits }, visits, novelty)
      return { items: diversify(ranking, this.#content, k, diversity, diversifier), score: (item) => blended.get(item) }
    }
    const ranking = lessPopular(ranker.rank(scored, kept, { satisfaction }), visits, novelty)
    const { items, logits } = ranking
    return {
      items: diversify(ranking, this.#content, k, diversity, diversifier),
      // What was put in without having been ranked comes after what was.
      score: (item) => logits[items.indexOf(item)] ?? logits.at(-1)!,
      features: (item) => {
        if (!items.includes(item)) return {}
        return Object.fromEntries(ranker.explain(scored, items, item).slice(0, EXPLAINED))
      },
      ...attentionOf(ranker, scored, items),
    }
  }

  /** What a ranker sees of some items among the candidates, or would if there were one; and the name of what orders. */
  seen(scored: Scored, kept: readonly number[], items: readonly number[]): { ranker: string; seen: SeenFeatures } {
    const candidates = topOf(kept, CANDIDATES, scored.blended)
    return {
      ranker: this.#rankers.of(scored.context.release)?.name ?? 'blend',
      seen: seenFeatures(this.#rankers.reader, scored, candidates, items),
    }
  }

  /** What orders the candidates one after another, the last as they are served: for an inspection. */
  stages(scored: Scored, kept: readonly number[]): Stage[] {
    const { blended, context } = scored
    const blend = { name: 'blend', candidates: kept, score: (of: readonly number[]) => of.map((i) => blended.get(i)) }
    const ranker = this.#rankers.of(context.release)
    if (!ranker) return [blend]
    const ranking = ranker.rank(scored, kept, RELEVANCE)
    const score = (of: readonly number[]) => ranker.scoresBeside(scored, ranking, of, RELEVANCE)
    return [blend, { name: ranker.name, candidates: ranking.items, score }]
  }
}

function attentionOf(
  ranker: CandidateRanker,
  scored: Scored,
  ranked: readonly number[],
): Pick<OrderedSlate, 'attention' | 'mostAttended'> {
  if (!ranker.attention) return {}
  return {
    attention: (item) => (ranked.includes(item) ? ranker.attention!(scored, ranked, item) : []),
    mostAttended: (item) => (ranked.includes(item) ? ranker.mostAttended?.(scored, ranked, item) : undefined),
  }
}
