import type { Proposal } from '../retrieval/blend.ts'
import { fresh } from '../retrieval/sources/fresh.ts'

/** One place in so many, the last of them. */
const PLACES = 10

/**
 * Gives the last of every ten places to what hardly anyone has met: what nobody is shown, nobody can like. The best of the
 * fresh items that may be shown move there, unless they stand higher already; without any the list stays as it is.
 *
 * @param best items, best first
 * @param kept what the filters have kept
 */
export function withFresh(best: readonly number[], kept: readonly number[], proposals: readonly Proposal[]): number[] {
  const scores = proposals.find(({ source }) => source.name === fresh.name)?.scores
  const places = Math.floor(best.length / PLACES)
  if (!scores || scores.items.length === 0 || places === 0) return [...best]
  const chosen: number[] = []
  for (const item of [...scores.items].sort((a, b) => scores.get(b) - scores.get(a))) {
    if (chosen.length === places) break
    if (kept.includes(item)) chosen.push(item)
  }
  const list = [...best]
  for (const [i, item] of chosen.entries()) {
    const place = PLACES * (i + 1) - 1
    const stands = list.indexOf(item)
    if (stands >= 0 && stands <= place) continue
    if (stands < 0) list.pop()
    else list.splice(stands, 1)
    list.splice(place, 0, item)
  }
  return list
}
