import type { Catalogue } from '../catalogue/catalogue.ts'
import { DEFAULT_KINDS, KINDS, type KindMeanings } from '../events/kinds.ts'
import { keyHash } from '../events/topics.ts'
import type { BlendWeights } from '../models/blend-weights.ts'
import { Blend, type Proposal } from './blend.ts'
import type { LiveRows } from './online/live-rows.ts'
import type { NeighbourRow } from './online/neighbour-row.ts'
import type { HistoryEntry, OnlineState, UserState } from './online/online-state.ts'
import { TopLists } from './online/top-lists.ts'
import type { TrailRow } from './online/trail-row.ts'
import type { ReleaseSlot } from './release-slot.ts'
import type { ServedRelease } from './served-release.ts'
import { type CandidateSource, type RequestContext, ROWS_READ } from './sources/candidate-source.ts'
import { coVisitation } from './sources/co-visitation.ts'
import { fresh } from './sources/fresh.ts'
import { itemCf } from './sources/item-cf.ts'
import { sequence, trainedItemCf, twoTower } from './sources/released.ts'
import type { Scores } from './sources/scores.ts'
import { sessionKnn } from './sources/session-knn.ts'
import { type SimilarTrail, similarTrails, type TrailQuery } from './sources/similar-trails.ts'
import { favouriteGenre, popular, trending } from './sources/top-lists.ts'

export const SOURCES: readonly CandidateSource[] = [
  coVisitation,
  sessionKnn,
  sequence,
  twoTower,
  trainedItemCf,
  itemCf,
  fresh,
  favouriteGenre,
  trending,
  popular,
]

/** Decayed statistics say what is popular at the end of the stream: of a day before it they say nothing. */
const PAST_MS = 86_400_000
const NO_LISTS: RequestContext['lists'] = { popular: [], trending: [], ofGenre: () => [] }

export interface RetrieverOptions {
  readonly online: OnlineState
  readonly catalogue: Catalogue
  readonly kinds?: KindMeanings
  readonly sources?: readonly CandidateSource[]
  /** Without it no trained model takes part. */
  readonly releases?: ReleaseSlot
}

/** What the blend and each source think of items, before any filter. Valid until the retriever's next call. */
export interface Scored {
  readonly context: RequestContext
  readonly blended: Scores
  readonly proposals: readonly Proposal[]
}

/** Whose candidates: a user, or the items (oldest first) of an anonymous session, taken as if just liked. */
export type Who = { readonly userId: string } | { readonly items: readonly string[] }

/**
 * From the online state to scored candidates. Serving, the ranker's training and evaluation all go through here, so that
 * what is trained and measured is what is served.
 */
export class Retriever {
  readonly #online: OnlineState
  readonly #kinds: KindMeanings
  readonly #blend: Blend
  readonly #releases: ReleaseSlot | undefined
  readonly lists: TopLists

  constructor({ online, catalogue, kinds = DEFAULT_KINDS, sources = SOURCES, releases }: RetrieverOptions) {
    this.#online = online
    this.#releases = releases
    this.#kinds = kinds
    this.#blend = new Blend(sources)
    this.lists = new TopLists(online.items, catalogue)
  }

  /**
   * Reads what the sources need. What cannot be read is missing from the context and named in `degraded`.
   * @param now stream time, ms; as of the last refresh where it is not given
   * @param release that takes part; the one in service where none is given
   * @param shared co-visits and trails of another moment than now
   */
  async context(
    who: Who,
    degraded: string[],
    now = this.#online.streamTime,
    release: ServedRelease | undefined = this.#releases?.current,
    shared: LiveRows = this.#online.rows,
  ): Promise<RequestContext> {
    let user: UserState | undefined
    let history: readonly HistoryEntry[] = []
    if ('items' in who) {
      history = this.#sessionHistory(who.items)
    } else {
      try {
        user = await this.#online.user(who.userId)
        history = user.history
      } catch {
        degraded.push('user-state')
      }
    }
    const influence = history.map(({ kind }) => this.#kinds[KINDS[kind]!].weight)
    const recent = history.slice(0, ROWS_READ).map(({ item }) => item)
    const own = 'userId' in who ? keyHash(who.userId) : -1
    const [rows, sessions] = await Promise.all([
      shared.neighbours(recent).catch((): NeighbourRow[] => {
        degraded.push('co-visits')
        return []
      }),
      this.#sessions({ now, history, influence, own }, recent, shared).catch(() => {
        degraded.push('trails')
        return []
      }),
    ])
    const isPast = this.#online.streamTime - now > PAST_MS
    return {
      now,
      history,
      influence,
      rows,
      sessions,
      user,
      table: this.#online.table,
      lists: isPast ? NO_LISTS : this.lists,
      isPast,
      release,
    }
  }

  async #sessions(query: Omit<TrailQuery, 'postings' | 'visits'>, recent: readonly number[], rows: LiveRows) {
    const { table } = this.#online
    const similar = similarTrails({ ...query, postings: await rows.postings(recent), visits: table.visits })
    const trails = await rows.trails(similar.map(({ trail }) => trail))
    const sessions: (SimilarTrail & TrailRow)[] = []
    for (const [at, row] of trails.entries()) {
      const { trail, similarity, anchor, because } = similar[at]!
      if (row) sessions.push({ trail, similarity, anchor, because, items: row.items, first: row.first })
    }
    return sessions
  }

  /** @param weights as the release that takes part has them, where none are given */
  run(context: RequestContext, weights: BlendWeights | undefined = context.release?.blendWeights): Scored {
    return { context, ...this.#blend.run(context, this.#online.items.size, weights) }
  }

  /** What comes of no history at all, by some sources alone. */
  runOf(sources: readonly CandidateSource[]): Scored {
    const { table } = this.#online
    const now = this.#online.streamTime
    const nothing = { history: [], influence: [], rows: [], sessions: [], user: undefined }
    const context = { now, ...nothing, table, lists: this.lists, isPast: false }
    return { context, ...new Blend(sources).run(context, this.#online.items.size) }
  }

  #sessionHistory(itemIds: readonly string[]): HistoryEntry[] {
    const at = this.#online.streamTime
    return itemIds
      .map((itemId) => ({ item: this.#online.items.find(itemId), kind: LIKE, value: Number.NaN, at }))
      .filter(({ item }) => item >= 0)
      .reverse()
  }
}

const LIKE = KINDS.indexOf('like')
