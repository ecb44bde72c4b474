import type { ItemTable } from '../online/item-table.ts'
import type { NeighbourRow } from '../online/neighbour-row.ts'
import type { HistoryEntry, UserState } from '../online/online-state.ts'
import type { TopLists } from '../online/top-lists.ts'
import type { TrailRow } from '../online/trail-row.ts'
import type { ServedRelease } from '../served-release.ts'
import type { Scores } from './scores.ts'
import type { SimilarTrail } from './similar-trails.ts'

/** What the sources know of a request, read once for all of them. */
export interface RequestContext {
  /** Stream time, ms. */
  readonly now: number
  /** Newest first: what speaks for or against items. */
  readonly history: readonly HistoryEntry[]
  /** Of each history entry: how much it speaks for (negative: against) what goes with it. */
  readonly influence: readonly number[]
  /** Co-visits of the newest ROWS_READ entries; empty where they could not be read. */
  readonly rows: readonly NeighbourRow[]
  /** Of those whose recent visits resemble the user's, in the order of `because`; empty where they could not be read. */
  readonly sessions: readonly (SimilarTrail & TrailRow)[]
  /** Undefined for an anonymous session. */
  readonly user: UserState | undefined
  readonly table: ItemTable
  /** What is popular now; empty where `isPast`. */
  readonly lists: Pick<TopLists, 'popular' | 'trending' | 'ofGenre'>
  /** Whether the state is of long after the request: what was popular at its time is no longer known. */
  readonly isPast: boolean
  /** The release in service when the request began; undefined before there is one. */
  readonly release?: ServedRelease | undefined
}

/** Entries of the history whose co-visits and postings are read. */
export const ROWS_READ = 20

/**
 * Proposes items. A source scores synchronously what the context holds, so it cannot be late or fail by itself: what
 * may be missing is the context, and then it proposes nothing.
 */
export interface CandidateSource {
  readonly name: string
  /** What its best candidate gets in the blend. */
  readonly weight: number
  /** The row of the page that its items stand in. */
  readonly section: string
  /** Whether an item that it proposes stands in its section whatever other sources say. */
  readonly claims?: true
  propose(context: RequestContext, into: Scores): void
}
