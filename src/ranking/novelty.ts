import { type Ranking, rankingOf } from './candidate-ranker.ts'

/**
 * Takes from each logit what popularity alone gives it: logit - dial × log(1 + visits). At 1 it orders by how much more
 * likely an item is for this user than for anyone (pointwise mutual information, but for a constant). Menon et al.,
 * "Long-tail learning via logit adjustment", ICLR 2021.
 *
 * @param dial 0 for the order of the ranking
 * @param visits by item index
 */
export function lessPopular(ranking: Ranking, visits: ArrayLike<number>, dial: number): Ranking {
  if (dial === 0) return ranking
  const { items, logits } = ranking
  return rankingOf(
    items,
    Float64Array.from(items, (item, rank) => logits[rank]! - dial * Math.log1p(visits[item] ?? 0)),
  )
}
