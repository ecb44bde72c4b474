import type { CandidateSource } from './candidate-source.ts'
import { addNeighbourScores } from './neighbour-scores.ts'

const POSITION_DECAY = 0.88

/** What goes with the user's longer history, whichever was visited first: item-based collaborative filtering. */
export const itemCf: CandidateSource = {
  name: 'item-cf',
  weight: 0.5,
  section: 'Similar to your taste',
  propose(context, into) {
    addNeighbourScores(context, into, (position) => POSITION_DECAY ** position, 1)
  },
}
