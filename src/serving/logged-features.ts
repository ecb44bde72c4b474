import { encodeFloats } from '../events/floats.ts'
import type { Features } from '../events/types.ts'
import type { SeenFeatures } from '../ranking/seen-features.ts'
import type { RequestContext } from '../retrieval/sources/candidate-source.ts'
import type { Offsets } from '../state/state-store.ts'
import type { RecommendRequest } from './recommender.ts'

/** Topics that the state is folded from. */
const FOLDED = ['ratings', 'feedback', 'users'] as const
type Positions = readonly (Offsets | undefined)[]

export interface SlateMade {
  readonly request: RecommendRequest
  readonly context: RequestContext
  readonly seen: SeenFeatures
  readonly ranker: string
  /** Of the lists of what is popular, by partition. */
  readonly lists: Positions
  /** What no co-visits and trails that were read are older than, and what they are not younger than. */
  readonly rowsFrom: Positions
  readonly rowsUntil: Positions
}

/** What goes with an impression; undefined where the state does not say where it stands. */
export function loggedFeatures({
  request,
  context,
  seen,
  ranker,
  lists,
  rowsFrom,
  rowsUntil,
}: SlateMade): Features | undefined {
  const { now, user, table } = context
  const tables = table.positions
  const isKnown = [tables, lists, rowsFrom, rowsUntil].every(
    (positions) => positions.length > 0 && positions.every(Boolean),
  )
  if (!user || !isKnown) return undefined
  const { k, exclude, category, diversity, diversifier, satisfaction, novelty } = request
  const { names, items, contextNames, context: ofAll } = seen
  return {
    now,
    ranker,
    request: {
      k,
      ...(exclude?.length && { exclude: [...exclude] }),
      ...(category !== undefined && { category }),
      ...(diversity && { diversity, ...(diversifier && { diversifier }) }),
      ...(satisfaction && { satisfaction }),
      ...(novelty && { novelty }),
    },
    names: [...names],
    items: encodeFloats(items),
    contextNames: [...contextNames],
    context: encodeFloats(ofAll),
    tables: byTopic(tables),
    lists: byTopic(lists),
    rowsFrom: byTopic(rowsFrom),
    rowsUntil: byTopic(rowsUntil),
    user: Object.fromEntries(FOLDED.map((topic) => [topic, user.position?.[topic] ?? 0])),
    known: user.features.count,
  }
}

function byTopic(positions: Positions): Record<string, number[]> {
  return Object.fromEntries(FOLDED.map((topic) => [topic, positions.map((offsets) => offsets?.[topic] ?? 0)]))
}
