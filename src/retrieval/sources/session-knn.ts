import { trailItem } from '../../state/values/trail.ts'
import type { CandidateSource } from './candidate-source.ts'

/** Positions of a trail that are looked at before and after where it meets the user's history. */
const BEFORE = 15
const AFTER = 20
/** What an item visited before the meeting weighs, where one after it weighs 1. */
const BEFORE_WEIGHT = 0.4
/** The more alike the louder: the most similar few lead. */
const SIMILARITY_EXPONENT = 4

/** What those visited, next to the user's latest items, whose recent visits are most like the user's. */
export const sessionKnn: CandidateSource = {
  name: 'session-knn',
  weight: 1,
  section: 'Others like you went on with',
  propose({ sessions }, into) {
    let strongest = 0
    for (const { similarity } of sessions) strongest = Math.max(strongest, similarity)
    let total = 0
    for (const { similarity } of sessions) total += (similarity / strongest) ** SIMILARITY_EXPONENT
    for (const { words, indexes, similarity, anchor, because } of sessions) {
      const weight = (similarity / strongest) ** SIMILARITY_EXPONENT / total
      for (let distance = -BEFORE; distance <= AFTER; distance++) {
        const ordinal = trailItem(words, anchor + distance)
        if (ordinal < 0 || distance === 0) continue
        const item = indexes[ordinal] ?? -1
        const amount = distance > 0 ? weight / distance : (BEFORE_WEIGHT * weight) / -distance
        if (item >= 0) into.addSaid(item, amount, because)
      }
    }
  },
}
