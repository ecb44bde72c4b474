import kindSchema from '../../schemas/kind.json' with { type: 'json' }
import type { Interaction, Kind } from './types.ts'

/** Kinds in the order of the schema; a stored history holds the index. */
export const KINDS = kindSchema.enum as readonly Kind[]

/** What a kind of feedback means to the projections and to serving. */
export interface KindMeaning {
  /** How much it says for (or, negative, against) the item and what goes with it. A rating's comes from its value. */
  readonly weight: number
  /** Whether the user took the item: only then it counts as a visit, for popularity and co-visits. */
  readonly consumes: boolean
  /** Whether the item leaves the user's slates. */
  readonly excludes: boolean
}

export type KindMeanings = Readonly<Record<Kind, KindMeaning>>

export const DEFAULT_KINDS: KindMeanings = {
  rating: { weight: 1, consumes: true, excludes: true },
  like: { weight: 1, consumes: true, excludes: true },
  dislike: { weight: -1, consumes: false, excludes: true },
  watched: { weight: 0.8, consumes: true, excludes: true },
  click: { weight: 0.3, consumes: false, excludes: false },
  skip: { weight: -0.5, consumes: false, excludes: true },
  purchase: { weight: 1, consumes: true, excludes: true },
  // Says nothing by itself, and never stands in a history: it takes another fact out of it.
  undo: { weight: 0, consumes: false, excludes: false },
}

/** The rating that says neither yes nor no, and how far from it the strongest lies (5 on a scale of 1 to 5). */
const NEUTRAL_RATING = 3
const RATING_SPAN = 2

/** How much the user liked the item, about -1 to 1: what taste (favourite genres, satisfaction) is made of. */
export function preferenceOf(event: Pick<Interaction, 'kind' | 'value'>, kinds: KindMeanings = DEFAULT_KINDS): number {
  const { weight } = kinds[event.kind]
  return event.kind === 'rating' ? (weight * ((event.value ?? NEUTRAL_RATING) - NEUTRAL_RATING)) / RATING_SPAN : weight
}
