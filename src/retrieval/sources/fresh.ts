import { greatest } from '../../select.ts'
import type { CandidateSource } from './candidate-source.ts'

/** An item is fresh until so many have visited it. */
const VISITS = 5
/** The newest ones that are looked at. */
const LOOKED_AT = 500
const PROPOSED = 20

/**
 * What hardly anyone has met and the content of which speaks for it, as the two-tower model sees it.
 */
export const fresh: CandidateSource = {
  name: 'fresh',
  weight: 0.02,
  section: 'Fresh',
  claims: true,
  propose(context, into) {
    const { release, table } = context
    if (!release) return
    const items = release.barelyMet(table, VISITS, LOOKED_AT)
    const scores = release.scores('two-tower', items, context)
    if (!scores) return
    for (const [rank, i] of greatest(scores, items.length, PROPOSED).entries()) into.add(items[i]!, 1 / (1 + rank))
  },
}
