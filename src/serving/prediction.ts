import type { Filter } from '../retrieval/filters.ts'
import type { Scored } from '../retrieval/retriever.ts'
import type { Stage } from './inspect.ts'

/** What would have been recommended to a user just before an event, as far as it concerns the event's item. */
export interface Prediction {
  /** Event time, ms. */
  readonly at: number
  /**
   * By source and by stage of ranking, the item's place among all that may be recommended, from 1; of what scores the
   * same, half comes before it. null where it is not proposed. Who proposes nothing at all is not named. undefined where
   * there was nothing to predict: somebody new, or an item met before.
   */
  readonly ranks: Readonly<Record<string, number | null>> | undefined
}

export interface PredictedParts {
  readonly scored: Scored
  /** Candidates that the filters have left, ordered by each. */
  readonly stages: readonly Stage[]
  readonly filters: readonly Filter[]
}

/** @param item index, or -1 for one that nobody has heard of */
export function ranksOf(item: number, { scored, stages, filters }: PredictedParts): Record<string, number | null> {
  const ranks: Record<string, number | null> = {}
  const mayStand = new Map<number, boolean>()
  const keeps = (other: number) => {
    const known = mayStand.get(other)
    if (known !== undefined) return known
    const kept = filters.every((filter) => filter.keeps(other))
    mayStand.set(other, kept)
    return kept
  }
  for (const { source, scores } of scored.proposals) {
    if (scores.items.length === 0) continue
    const candidates = [...scores.items].filter(keeps)
    ranks[source.name] = rankOf(item, candidates, (index) => scores.get(candidates[index]!))
  }
  for (const { name, candidates, score } of stages) {
    const scores = score(candidates)
    ranks[name] = rankOf(item, candidates, (index) => scores[index]!)
  }
  return ranks
}

/** @param scoreAt by position among the candidates */
function rankOf(item: number, candidates: readonly number[], scoreAt: (index: number) => number): number | null {
  const at = candidates.indexOf(item)
  if (at < 0) return null
  const own = scoreAt(at)
  let [better, equal] = [0, 0]
  for (let index = 0; index < candidates.length; index++) {
    const score = scoreAt(index)
    if (score > own) better++
    else if (score === own) equal++
  }
  return 1 + better + Math.floor((equal - 1) / 2)
}
