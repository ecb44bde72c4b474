import { type Diversifier, pickGreedily } from './diversifier.ts'

/** How alike two items of the same genres are: less than an item is to itself, so that there is always a next best. */
const ALIKE = 0.9

/**
 * A determinantal point process, its most probable slate found greedily by growing a Cholesky factor: Chen, Zhang and
 * Zhou, "Fast Greedy MAP Inference for Determinantal Point Process to Improve Recommendation Diversity", NeurIPS 2018.
 * Each time the candidate that adds most to (1 - dial) × relevance + dial × log det(S), S the similarities of the genres:
 * what several picked items together cover counts, and not the most similar one alone. O(k² × pool).
 */
export const determinantal: Diversifier = ({ items, relevance, content }, k, dial) => {
  const length = items.length
  const rank = Math.min(k, length)
  /** (pool, rank): rows of the factor, as far as it has grown. */
  const factor = new Float64Array(length * rank)
  /** What is left of each item's own similarity: its share of the determinant. */
  const left = new Float64Array(length).fill(1)
  let grown = 0
  return pickGreedily(
    length,
    k,
    (place) => (1 - dial) * relevance[place]! + dial * Math.log(left[place]!),
    (picked) => {
      const root = Math.sqrt(left[picked]!)
      for (let place = 0; place < length; place++) {
        if (place === picked) continue
        let explained = 0
        for (let i = 0; i < grown; i++) explained += factor[place * rank + i]! * factor[picked * rank + i]!
        const similarity = ALIKE * content.similarity(items[place]!, items[picked]!)
        const next = (similarity - explained) / root
        factor[place * rank + grown] = next
        left[place] = Math.max(1e-9, left[place]! - next * next)
      }
      grown++
    },
  )
}
