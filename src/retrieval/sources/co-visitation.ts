import type { CandidateSource } from './candidate-source.ts'
import { addNeighbourScores } from './neighbour-scores.ts'

const HISTORY = 15
const POSITION_DECAY = 0.85
/** Time after which an entry speaks half as loud, since the last event and since now. */
const SESSION_MS = 300_000

/** What others visited after what this user visited just now. */
export const coVisitation: CandidateSource = {
  name: 'co-visitation',
  weight: 1,
  section: 'From your recent activity',
  propose(context, into) {
    const { history, now } = context
    const latest = history[0]?.at ?? now
    const weight = (position: number) => {
      if (position >= HISTORY) return 0
      const { at } = history[position]!
      const sinceNow = 1 + Math.max(0, now - at) / SESSION_MS
      const sinceLatest = 1 + Math.max(0, latest - at) / SESSION_MS
      return POSITION_DECAY ** position / (sinceNow * sinceLatest)
    }
    addNeighbourScores(context, into, weight, 0)
  },
}
