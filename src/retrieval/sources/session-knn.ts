import type { CandidateSource } from './candidate-source.ts'

/** Positions of a trail that are looked at before and after where it meets the user's history. */
const BEFORE = 15
const AFTER = 20
/** What an item visited before the meeting weighs, where one after it weighs 1. */
const BEFORE_WEIGHT = 0.4
/** By distance, 0 where they meet. */
const AFTER_WEIGHTS = Float64Array.from({ length: AFTER + 1 }, (_, distance) => (distance === 0 ? 0 : 1 / distance))
const BEFORE_WEIGHTS = AFTER_WEIGHTS.slice(0, BEFORE + 1).map((weight) => BEFORE_WEIGHT * weight)
/** The more alike the louder: the most similar few lead. */
const SIMILARITY_EXPONENT = 4

/** What those visited, next to the user's latest items, whose recent visits are most like the user's. */
export const sessionKnn: CandidateSource = {
  name: 'session-knn',
  weight: 1.5,
  section: 'Others like you went on with',
  propose({ sessions }, into) {
    let strongest = 0
    for (const { similarity } of sessions) strongest = Math.max(strongest, similarity)
    let total = 0
    for (const { similarity } of sessions) total += (similarity / strongest) ** SIMILARITY_EXPONENT
    for (const { items, first, similarity, anchor, because } of sessions) {
      const weight = (similarity / strongest) ** SIMILARITY_EXPONENT / total
      const met = anchor - first
      const end = Math.min(items.length - 1, met + AFTER)
      for (let at = Math.max(0, met - BEFORE); at <= end; at++) {
        const item = items[at]!
        if (item < 0 || at === met) continue
        const share = at > met ? AFTER_WEIGHTS[at - met]! : BEFORE_WEIGHTS[met - at]!
        into.addSaid(item, weight * share, because)
      }
    }
  },
}
