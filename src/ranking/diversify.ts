import type { Ranking } from './candidate-ranker.ts'
import { determinantal } from './diversifiers/determinantal.ts'
import type { Diversifier } from './diversifiers/diversifier.ts'
import { marginalRelevance } from './diversifiers/marginal-relevance.ts'
import { repetition } from './diversifiers/repetition.ts'
import type { ItemContent } from './item-content.ts'

/** The first of the ranking, from which a diverse slate is picked. */
const POOL = 100

export const DIVERSIFIERS = { mmr: marginalRelevance, dpp: determinantal, decay: repetition } satisfies Record<
  string,
  Diversifier
>
export type DiversifierName = keyof typeof DIVERSIFIERS

/**
 * Picks a slate that does not say one thing over and over.
 *
 * @param dial 0 for the order of the ranking, 1 for nothing but difference
 * @param by how: relevance is the logit between the pool's last (0) and its first (1)
 */
export function diversify(
  { items, logits }: Ranking,
  content: ItemContent,
  k: number,
  dial: number,
  by: DiversifierName = 'mmr',
): number[] {
  const pool = items.slice(0, Math.max(POOL, k))
  if (dial === 0 || pool.length === 0) return items.slice(0, k)
  const [first, last] = [logits[0]!, logits[pool.length - 1]!]
  const relevance = Float64Array.from(pool, (_, rank) => (logits[rank]! - last) / Math.max(1e-9, first - last))
  return DIVERSIFIERS[by]({ items: pool, relevance, content }, k, dial).map((place) => pool[place]!)
}
