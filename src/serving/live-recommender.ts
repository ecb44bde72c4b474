import { randomUUID } from 'node:crypto'
import type { Catalogue } from '../catalogue/catalogue.ts'
import { DEFAULT_KINDS, KINDS, type KindMeanings } from '../events/kinds.ts'
import { selectRank } from '../select.ts'
import { Blend, type Proposal } from './blend.ts'
import { applyFilters, available, type Filter, inCategory, notExcluded, notSeen } from './filters.ts'
import type { HistoryEntry, NeighbourRow, OnlineState, UserState } from './online/online-state.ts'
import { TopLists } from './online/top-lists.ts'
import type { Recommender, RecommendRequest, Slate, SlateItem, UserSummary, UserView } from './recommender.ts'
import { makeSlate } from './slate.ts'
import { type CandidateSource, type RequestContext, ROWS_READ } from './sources/candidate-source.ts'
import { coVisitation } from './sources/co-visitation.ts'
import { itemCf } from './sources/item-cf.ts'
import type { Scores } from './sources/scores.ts'
import { favouriteGenre, popular, trending } from './sources/top-lists.ts'

export const SOURCES: readonly CandidateSource[] = [coVisitation, itemCf, favouriteGenre, trending, popular]

/** No trained model takes part. */
const RELEASE = 'live'
/** Statistics and lists are read again when they are older than this, and than 20 times what reading them took. */
const REFRESH_MS = 100
const REFRESH_SHARE = 20
/** Per partition, for a few to be suggested. */
const USERS_SAMPLED = 50
const LISTS_REFRESH_MS = 1000

export interface LiveRecommenderOptions {
  readonly online: OnlineState
  readonly catalogue: Catalogue
  readonly kinds?: KindMeanings
  readonly sources?: readonly CandidateSource[]
}

export interface Scored {
  readonly context: RequestContext
  readonly blended: Scores
  readonly proposals: readonly Proposal[]
}

/** Recommends from the online state alone: what others did after what this user did, as of the last event. */
export class LiveRecommender implements Recommender {
  readonly #online: OnlineState
  readonly #catalogue: Catalogue
  readonly #kinds: KindMeanings
  readonly #blend: Blend
  readonly #lists: TopLists
  #refreshDueMs = 0
  #listsDueMs = 0
  #firstRefresh: Promise<void> | undefined

  constructor({ online, catalogue, kinds = DEFAULT_KINDS, sources = SOURCES }: LiveRecommenderOptions) {
    this.#online = online
    this.#catalogue = catalogue
    this.#kinds = kinds
    this.#blend = new Blend(sources)
    this.#lists = new TopLists(online.items, catalogue)
  }

  /** Stream time, as of the last refresh. */
  get streamTime(): number {
    return this.#online.streamTime
  }

  async recommend(request: RecommendRequest): Promise<Slate> {
    const stages: Record<string, number> = {}
    let last = performance.now()
    const stage = (name: string) => {
      const now = performance.now()
      stages[name] = now - last
      last = now
    }
    const degraded: string[] = []
    const context = await this.#hydrate(request, degraded)
    stage('hydrate')
    const { items } = this.#online
    const { blended, proposals } = this.#blend.run(context, items.size)
    stage('blend')
    const { kept, removed } = applyFilters(blended.items, this.#filters(request, context))
    stage('filter')
    const best = topOf(kept, request.k, blended)
    const catalogue = this.#catalogue
    const slate = makeSlate(best, { context, blended, proposals, items, catalogue, explain: request.explain ?? false })
    stage('slate')
    const ids = (removedItems: number[]) => removedItems.map((item) => items.id(item))
    return {
      requestId: randomUUID(),
      userId: request.userId,
      release: RELEASE,
      degraded,
      items: slate,
      stagesMs: stages,
      ...(request.debug && {
        debug: {
          streamTime: context.now,
          historyLength: context.history.length,
          candidates: Object.fromEntries(proposals.map(({ source, scores }) => [source.name, scores.items.length])),
          removed: Object.fromEntries(Object.entries(removed).map(([filter, found]) => [filter, ids(found)])),
          stagesMs: stages,
        },
      }),
    }
  }

  /**
   * What the blend and each source think of every item for a user at a time, before any filter. Valid until the next
   * call of any method. For evaluation, which ranks the whole catalogue.
   */
  async score(userId: string, now: number): Promise<Scored> {
    const user = await this.#online.user(userId)
    const rows = await this.#online.neighbours(user.history.slice(0, ROWS_READ).map(({ item }) => item))
    const context = this.#context(user.history, user, rows, now)
    return { context, ...this.#blend.run(context, this.#online.items.size) }
  }

  /** Reads statistics and lists again, due or not. */
  async refresh(): Promise<void> {
    this.#listsDueMs = 0
    await this.#read()
  }

  async similar(itemId: string, k: number): Promise<SlateItem[] | undefined> {
    if (!this.#catalogue.get(itemId)) return undefined
    const slate = await this.recommend({ userId: '', k, items: [itemId] })
    return [...slate.items]
  }

  async popular(k: number, by: 'popularity' | 'trend'): Promise<SlateItem[]> {
    await this.#refresh([])
    const source = by === 'trend' ? trending : popular
    const context = this.#context([], undefined, [])
    const { blended, proposals } = new Blend([source]).run(context, this.#online.items.size)
    const best = topOf([...blended.items], k, blended)
    const [items, catalogue] = [this.#online.items, this.#catalogue]
    return makeSlate(best, { context, blended, proposals, items, catalogue, explain: false })
  }

  async user(userId: string): Promise<UserView | undefined> {
    await this.#refresh([])
    const [state, profile] = await Promise.all([this.#online.user(userId), this.#online.profile(userId)])
    if (state.history.length === 0 && !profile) return undefined
    const { features } = state
    return {
      userId,
      attributes: profile?.attributes ?? {},
      history: state.history.map(({ item, kind, value, at }) => {
        const itemId = this.#online.items.id(item)
        const title = this.#catalogue.get(itemId)?.title ?? itemId
        return { itemId, title, kind: KINDS[kind]!, at, ...(Number.isNaN(value) ? {} : { value }) }
      }),
      features: {
        count: features.count,
        meanValue: features.meanValue,
        valueVariance: features.valueVariance,
        meanYear: features.meanYear,
        lastAt: features.lastAt,
        genres: state.genres.map(({ name, preference }) => ({ genre: name, weight: preference })),
      },
    }
  }

  async someUsers(k: number): Promise<UserSummary[]> {
    const sample = await this.#online.someUsers(USERS_SAMPLED)
    return sample.sort((a, b) => b.count - a.count).slice(0, k)
  }

  item(itemId: string) {
    return this.#catalogue.get(itemId)
  }

  ready(): { ready: true } | { ready: false; reason: string } {
    if (this.#catalogue.size > 0) return { ready: true }
    return { ready: false, reason: 'the catalogue is empty: nothing has arrived on the topic `items` yet' }
  }

  /** Reads what the sources need. What cannot be read is missing from the context and named in `degraded`. */
  async #hydrate(request: RecommendRequest, degraded: string[]): Promise<RequestContext> {
    await this.#refresh(degraded)
    let user: UserState | undefined
    let history: readonly HistoryEntry[] = []
    if (request.items) {
      history = this.#sessionHistory(request.items)
    } else {
      try {
        user = await this.#online.user(request.userId)
        history = user.history
      } catch {
        degraded.push('user-state')
      }
    }
    let rows: NeighbourRow[][] = []
    try {
      rows = await this.#online.neighbours(history.slice(0, ROWS_READ).map(({ item }) => item))
    } catch {
      degraded.push('co-visits')
    }
    return this.#context(history, user, rows)
  }

  #context(
    history: readonly HistoryEntry[],
    user: UserState | undefined,
    rows: NeighbourRow[][],
    now = this.#online.streamTime,
  ): RequestContext {
    const influence = history.map(({ kind }) => this.#kinds[KINDS[kind]!].weight)
    return { now, history, influence, rows, user, table: this.#online.table, lists: this.#lists }
  }

  /** An anonymous session's items (oldest first) as if just liked. */
  #sessionHistory(itemIds: readonly string[]): HistoryEntry[] {
    const at = this.#online.streamTime
    return itemIds
      .map((itemId) => ({ item: this.#online.items.find(itemId), kind: LIKE, value: Number.NaN, at }))
      .filter(({ item }) => item >= 0)
      .reverse()
  }

  #filters(request: RecommendRequest, { history, user }: RequestContext): Filter[] {
    const filters = [notSeen(history, user, this.#kinds), available(this.#lists)]
    if (request.exclude?.length) filters.push(notExcluded(request.exclude, this.#online.items))
    if (request.category) filters.push(inCategory(request.category, this.#catalogue, this.#online.items))
    return filters
  }

  /** The first reading is waited for; later ones by the request that finds them due, while others go on. */
  async #refresh(degraded: string[]): Promise<void> {
    if (performance.now() < this.#refreshDueMs) return this.#firstRefresh
    this.#refreshDueMs = Number.POSITIVE_INFINITY
    const reading = this.#read().catch(() => {
      degraded.push('item-statistics')
    })
    this.#firstRefresh ??= reading
    await reading
  }

  async #read(): Promise<void> {
    const start = performance.now()
    try {
      await this.#online.refresh()
    } finally {
      // Also where the statistics cannot be read: the catalogue alone makes a page.
      if (start >= this.#listsDueMs) {
        this.#lists.refresh(this.#online.table)
        this.#listsDueMs = start + LISTS_REFRESH_MS
      }
      const now = performance.now()
      this.#refreshDueMs = now + Math.max(REFRESH_MS, REFRESH_SHARE * (now - start))
    }
  }
}

const LIKE = KINDS.indexOf('like')

/** The `k` items with the greatest scores, best first; of equals the one given first. */
function topOf(items: readonly number[], k: number, scores: Scores): number[] {
  const values = new Float64Array(items.length)
  for (let i = 0; i < items.length; i++) values[i] = scores.get(items[i]!)
  const rank = items.length - k
  const threshold = rank > 0 ? selectRank(values.slice(), items.length, rank) : Number.NEGATIVE_INFINITY
  return items
    .filter((_, i) => values[i]! >= threshold)
    .sort((a, b) => scores.get(b) - scores.get(a))
    .slice(0, k)
}
