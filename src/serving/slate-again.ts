import type { SeenFeatures } from '../ranking/seen-features.ts'
import type { LiveRows } from '../retrieval/online/live-rows.ts'
import type { ServedRelease } from '../retrieval/served-release.ts'

/** A slate that is made again. */
export interface Asked {
  /** Stream time that was asked about, ms. */
  readonly now: number
  /** That took part; undefined for none. */
  readonly release: ServedRelease | undefined
  /** Items that were shown. */
  readonly itemIds: readonly string[]
  /** Co-visits and trails; those of now where they are not given. */
  readonly rows?: LiveRows
}

export interface SlateAgain {
  /** In the order in which they would be shown. */
  readonly itemIds: readonly string[]
  /** Of the items that were shown: what they would be ordered by. */
  readonly scores: readonly number[]
  /** Of the items that were shown. */
  readonly seen: SeenFeatures
  /** Events of the user. */
  readonly known: number
}
