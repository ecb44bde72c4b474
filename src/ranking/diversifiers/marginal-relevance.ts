import { type Diversifier, pickGreedily } from './diversifier.ts'

/**
 * Maximal marginal relevance (Carbonell & Goldstein, SIGIR 1998): each time the candidate with the greatest
 * (1 - dial) × relevance - dial × similarity to the most similar one picked. Similarity is that of the genres.
 */
export const marginalRelevance: Diversifier = ({ items, relevance, content }, k, dial) => {
  const closest = new Float64Array(items.length)
  return pickGreedily(
    items.length,
    k,
    (place) => (1 - dial) * relevance[place]! - dial * closest[place]!,
    (picked) => {
      for (let place = 0; place < items.length; place++) {
        closest[place] = Math.max(closest[place]!, content.similarity(items[place]!, items[picked]!))
      }
    },
  )
}
