import type { Catalogue } from '../catalogue/catalogue.ts'
import type { Tensors } from '../models/tensors.ts'
import { diversify } from '../ranking/diversify.ts'
import { ItemContent } from '../ranking/item-content.ts'
import { Ranker, type Ranking } from '../ranking/ranker.ts'
import type { ItemIndex } from '../retrieval/online/item-index.ts'
import type { Scored } from '../retrieval/retriever.ts'
import { topOf } from '../retrieval/top-of.ts'
import type { Stage } from './inspect.ts'
import type { RecommendRequest } from './recommender.ts'

/** Candidates ordered where a blend alone decides: enough for a diverse slate to be picked from. */
const POOL = 100
/** Features that an explanation names: those that matter most. */
const EXPLAINED = 8

/** The items of a slate, best first, and how they came by their places. */
export interface OrderedSlate {
  readonly items: readonly number[]
  /** What an item was ordered by. */
  score(item: number): number
  /** What spoke for it and against it, by feature: where a ranker ordered. */
  readonly features?: (item: number) => Readonly<Record<string, number>>
}

/** Orders candidates: by the ranker of a release where it has one, else as the blend does; then for diversity. */
export class SlateOrder {
  readonly #content: ItemContent
  readonly #ranker: Ranker

  /** @param sources names of the candidate sources, in the order of their proposals */
  constructor(sources: readonly string[], items: ItemIndex, catalogue: Catalogue) {
    this.#content = new ItemContent(items, catalogue)
    this.#ranker = new Ranker(sources, this.#content)
  }

  /**
   * @param kept candidates that the filters have left
   * @param tensors of the ranker of the release that takes part
   */
  order(
    scored: Scored,
    kept: readonly number[],
    { k, diversity = 0, diversifier }: Pick<RecommendRequest, 'k' | 'diversity' | 'diversifier'>,
    tensors: Tensors | undefined,
  ): OrderedSlate {
    const { blended } = scored
    if (!tensors) {
      const items = topOf(kept, diversity > 0 ? Math.max(POOL, k) : k, blended)
      const ranking = { items, logits: items.map((item) => blended.get(item)) }
      return { items: diversify(ranking, this.#content, k, diversity, diversifier), score: (item) => blended.get(item) }
    }
    const ranking = this.#ranker.rank(tensors, scored, kept)
    const logits = logitsOf(ranking)
    return {
      items: diversify(ranking, this.#content, k, diversity, diversifier),
      // What was put in without having been ranked comes after what was.
      score: (item) => logits.get(item) ?? ranking.logits.at(-1)!,
      features: (item) => {
        if (!logits.has(item)) return {}
        const all = this.#ranker.explain(tensors, scored, ranking.items, item)
        return Object.fromEntries(all.slice(0, EXPLAINED))
      },
    }
  }

  /** What orders the candidates one after another, the last as they are served: for an inspection. */
  stages(scored: Scored, kept: readonly number[], tensors: Tensors | undefined): Stage[] {
    const { blended } = scored
    const blend = { name: 'blend', candidates: kept, score: (of: readonly number[]) => of.map((i) => blended.get(i)) }
    if (!tensors) return [blend]
    const ranking = this.#ranker.rank(tensors, scored, kept)
    const score = (of: readonly number[]) => this.#ranker.scoresBeside(tensors, scored, ranking, of)
    return [blend, { name: 'ranker', candidates: ranking.items, score }]
  }
}

function logitsOf({ items, logits }: Ranking): ReadonlyMap<number, number> {
  return new Map(items.map((item, rank) => [item, logits[rank]!]))
}
