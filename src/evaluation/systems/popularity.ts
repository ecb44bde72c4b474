import type { Events } from '../events.ts'
import type { Scorer } from './scorer.ts'

/** How often an item has been met so far. */
export function popularity(events: Events): Scorer {
  const visits = new Float64Array(events.itemIds.length)
  return {
    systems: ['popularity'],
    learn(sequence) {
      visits[events.item[sequence]!]!++
    },
    score(_, [into]) {
      into!.set(visits)
    },
  }
}
