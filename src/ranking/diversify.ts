import type { ItemContent } from './item-content.ts'
import type { Ranking } from './ranker.ts'

/** The first of the ranking, from which a diverse slate is picked. */
const POOL = 100

/**
 * Picks a slate that does not say one thing over and over: maximal marginal relevance (Carbonell & Goldstein, SIGIR 1998),
 * each time the candidate with the greatest (1 - dial) × relevance - dial × similarity to the most similar one picked.
 * Relevance is the logit between the pool's last (0) and its first (1), similarity that of the genres.
 *
 * @param dial 0 for the order of the ranking, 1 for nothing but difference
 */
export function diversify({ items, logits }: Ranking, content: ItemContent, k: number, dial: number): number[] {
  const pool = items.slice(0, Math.max(POOL, k))
  if (dial === 0 || pool.length === 0) return items.slice(0, k)
  const [first, last] = [logits[0]!, logits[pool.length - 1]!]
  const relevance = pool.map((_, rank) => (logits[rank]! - last) / Math.max(1e-9, first - last))
  const closest = new Float64Array(pool.length)
  const isPicked = new Uint8Array(pool.length)
  const slate: number[] = []
  while (slate.length < Math.min(k, pool.length)) {
    let best = -1
    let most = Number.NEGATIVE_INFINITY
    for (let rank = 0; rank < pool.length; rank++) {
      if (isPicked[rank]) continue
      const value = (1 - dial) * relevance[rank]! - dial * closest[rank]!
      if (value > most) {
        most = value
        best = rank
      }
    }
    isPicked[best] = 1
    slate.push(pool[best]!)
    for (let rank = 0; rank < pool.length; rank++) {
      closest[rank] = Math.max(closest[rank]!, content.similarity(pool[rank]!, pool[best]!))
    }
  }
  return slate
}
