import { randomUUID } from 'node:crypto'
import type { Catalogue } from '../catalogue/catalogue.ts'
import { TributaryError } from '../errors.ts'
import { DEFAULT_KINDS, KINDS, type KindMeanings } from '../events/kinds.ts'
import type { Features } from '../events/types.ts'
import { applyFilters, available, type Filter, inCategory, notExcluded, notSeen } from '../retrieval/filters.ts'
import { Lowered } from '../retrieval/lowered.ts'
import type { HistoryEntry, OnlineState } from '../retrieval/online/online-state.ts'
import { ReleaseSlot } from '../retrieval/release-slot.ts'
import { Retriever, type RetrieverOptions, type Scored, SOURCES } from '../retrieval/retriever.ts'
import type { ServedRelease } from '../retrieval/served-release.ts'
import type { RequestContext } from '../retrieval/sources/candidate-source.ts'
import { popular, trending } from '../retrieval/sources/top-lists.ts'
import { topOf } from '../retrieval/top-of.ts'
import { DueRefresh } from './due-refresh.ts'
import { withFresh } from './fresh-places.ts'
import { inspect } from './inspect.ts'
import type { HistoryView, Inspection } from './inspection.ts'
import { loggedFeatures } from './logged-features.ts'
import { neighbourSpaces } from './neighbour-spaces.ts'
import { type Prediction, ranksOf } from './prediction.ts'
import {
  type ItemNeighbours,
  NO_RELEASE,
  type Recommender,
  type RecommendRequest,
  type Slate,
  type SlateItem,
  type UserSummary,
  type UserView,
} from './recommender.ts'
import { makeSlate } from './slate.ts'
import type { Asked, SlateAgain } from './slate-again.ts'
import { SlateOrder } from './slate-order.ts'
import { userView } from './user-view.ts'

/** Per partition, for a few to be suggested. */
const USERS_SAMPLED = 50

/**
 * Recommends from the online state, as of the last event, and the models of the release in service where there is one:
 * without one, from the state alone. A slate is of one release, whatever is swapped in while it is made.
 */
export class LiveRecommender implements Recommender {
  readonly #online: OnlineState
  readonly #catalogue: Catalogue
  readonly #kinds: KindMeanings
  readonly #retriever: Retriever
  readonly #order: SlateOrder
  readonly #releases: ReleaseSlot
  readonly #lowered = new Lowered()
  readonly #refresh: DueRefresh

  constructor(options: RetrieverOptions) {
    this.#online = options.online
    this.#catalogue = options.catalogue
    this.#kinds = options.kinds ?? DEFAULT_KINDS
    this.#releases = options.releases ?? new ReleaseSlot()
    this.#retriever = new Retriever({ ...options, releases: this.#releases })
    const sources = (options.sources ?? SOURCES).map(({ name }) => name)
    this.#order = new SlateOrder(sources, options.online.items, options.catalogue)
    this.#refresh = new DueRefresh(options.online, this.#retriever.lists, options.catalogue)
  }

  /** Stream time, as of the last refresh. */
  get streamTime(): number {
    return this.#online.streamTime
  }

  recommend(request: RecommendRequest): Promise<Slate> {
    return this.#withRelease((release) => this.#recommend(request, release))
  }

  async #recommend(request: RecommendRequest, release: ServedRelease | undefined): Promise<Slate> {
    const stages: Record<string, number> = {}
    let last = performance.now()
    const stage = (name: string) => {
      const now = performance.now()
      stages[name] = now - last
      last = now
    }
    const degraded: string[] = this.#releases.problem === undefined ? [] : ['release']
    await this.#refresh.ifDue(degraded)
    const { userId, items: session } = request
    const who = session ? { items: session } : { userId }
    const context = await this.#retriever.context(who, degraded, this.#online.streamTime, release)
    // Before anything is scored: that is valid until another request is.
    const rowsUntil = request.features ? await this.#online.positions().catch(() => []) : []
    stage('hydrate')
    const { items } = this.#online
    const { scored, kept, removed, ordered, best } = this.#compose(request, context, stage)
    const { blended, proposals } = scored
    const catalogue = this.#catalogue
    const lowered = this.#lowered.of(best, (item) => blended.get(item), context, items.size)
    const { explain = false } = request
    const slate = makeSlate(best, { ...ordered, context, proposals, items, catalogue, explain, lowered })
    stage('slate')
    let features: Features | undefined
    if (request.features && degraded.length === 0) {
      const { lists } = this.#retriever
      const { ranker, seen } = this.#order.seen(scored, kept, best)
      const rowsFrom = this.#online.oldestRows
      features = loggedFeatures({ request, context, ranker, seen, lists: lists.positions, rowsFrom, rowsUntil })
      stage('features')
    }
    const ids = (removedItems: number[]) => removedItems.map((item) => items.id(item))
    return {
      requestId: randomUUID(),
      userId: request.userId,
      release: release?.version ?? NO_RELEASE,
      degraded,
      items: slate,
      stagesMs: stages,
      ...(features && { features }),
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

  /** Candidates, filtered and ordered, from what was read: all of it in one go. */
  #compose(request: RecommendRequest, context: RequestContext, stage: (name: string) => void = () => {}) {
    const scored = this.#retriever.run(context)
    stage('blend')
    const filters = this.#filters(request, context)
    const { kept, removed } = applyFilters(scored.blended.items, filters)
    stage('filter')
    const ordered = this.#order.order(scored, kept, request)
    const best = withFresh(ordered.items, kept, scored.proposals)
    stage('rank')
    return { scored, filters, kept, removed, ordered, best }
  }

  /**
   * What a slate that was asked for earlier would be now: of tables and lists as they were read last, and of what the user
   * and the rows are at this moment.
   * @throws UNAVAILABLE where the state cannot be read
   */
  async again(request: RecommendRequest, { now, release, itemIds, rows }: Asked): Promise<SlateAgain> {
    const degraded: string[] = []
    const context = await this.#retriever.context({ userId: request.userId }, degraded, now, release, rows)
    if (degraded.length > 0) throw new TributaryError('UNAVAILABLE', `without ${degraded.join(', ')}`)
    const { items } = this.#online
    const { scored, kept, ordered, best } = this.#compose(request, context)
    const shown = itemIds.map((itemId) => items.index(itemId))
    return {
      itemIds: best.map((item) => items.id(item)),
      scores: shown.map((item) => ordered.score(item)),
      seen: this.#order.seen(scored, kept, shown).seen,
      known: context.user?.features.count ?? 0,
    }
  }

  /**
   * What the blend and each source think of every item for a user at a time, before any filter. Valid until the next
   * call of any method. For evaluation, which ranks the whole catalogue.
   */
  async score(userId: string, now: number): Promise<Scored> {
    return this.#retriever.run(await this.#retriever.context({ userId }, [], now))
  }

  /** Reads statistics and lists again, due or not. */
  refresh(): Promise<void> {
    return this.#refresh.now()
  }

  async similar(itemId: string, k: number): Promise<SlateItem[] | undefined> {
    if (!this.#catalogue.get(itemId)) return undefined
    const slate = await this.recommend({ userId: '', k, items: [itemId] })
    return [...slate.items]
  }

  async neighbours(itemId: string, k: number): Promise<ItemNeighbours | undefined> {
    const known = this.#catalogue.get(itemId)
    if (!known) return undefined
    await this.#refresh.ifDue([])
    return this.#withRelease(async (release) => {
      const context = await this.#retriever.context({ items: [itemId] }, [], this.#online.streamTime, release)
      const spaces = neighbourSpaces(this.#online.items.index(itemId), k, this.#retriever.run(context), release)
      const named = spaces.map(({ name, nearest }) => ({
        name,
        neighbours: nearest.map(({ item, score }) => ({ ...this.#named(item), score })),
      }))
      return { itemId, title: known.title, release: release?.version ?? NO_RELEASE, spaces: named }
    })
  }

  async popular(k: number, by: 'popularity' | 'trend'): Promise<SlateItem[]> {
    await this.#refresh.ifDue([])
    const source = by === 'trend' ? trending : popular
    const { context, blended, proposals } = this.#retriever.runOf([source])
    const best = topOf([...blended.items], k, blended)
    const [items, catalogue] = [this.#online.items, this.#catalogue]
    const score = (item: number) => blended.get(item)
    return makeSlate(best, { context, score, proposals, items, catalogue, explain: false })
  }

  async user(userId: string): Promise<UserView | undefined> {
    await this.#refresh.ifDue([])
    const state = await this.#online.user(userId)
    if (state.history.length === 0 && !state.profile) return undefined
    return userView(userId, state, this.#view(state.history))
  }

  async historyVersions(userIds: readonly string[]): Promise<string[]> {
    return this.#online.historyVersions(userIds)
  }

  async someUsers(k: number, prefix = ''): Promise<UserSummary[]> {
    const sample = await this.#online.someUsers(USERS_SAMPLED, prefix)
    return sample.sort((a, b) => b.count - a.count).slice(0, k)
  }

  async inspect(userId: string, options: { readonly target?: string; readonly k: number }): Promise<Inspection> {
    const degraded: string[] = []
    await this.#refresh.ifDue(degraded)
    return this.#withRelease(async (release) => {
      const context = await this.#retriever.context({ userId }, degraded, this.#online.streamTime, release)
      const { scored, filters, kept, ordered, best } = this.#compose({ userId, k: options.k }, context)
      const stages = this.#order.stages(scored, kept)
      const slate = { ...ordered, items: best }
      const [items, catalogue] = [this.#online.items, this.#catalogue]
      return {
        userId,
        release: release?.version ?? NO_RELEASE,
        streamTime: context.now,
        degraded,
        history: this.#view(context.history),
        ...inspect({ ...options, scored, filters, stages, slate, items, catalogue }),
      }
    })
  }

  /**
   * What would have been recommended to the user at that time, as far as it concerns `itemId`: from the state as it is
   * now, so that whoever folds the event must not have done so yet.
   * @param at event time, ms
   * @throws UNAVAILABLE where the state cannot be read: a prediction is made of all of it or not at all
   */
  async predict(userId: string, itemId: string, at: number): Promise<Prediction> {
    const degraded: string[] = []
    await this.#refresh.ifDue(degraded)
    return this.#withRelease(async (release) => {
      const context = await this.#retriever.context({ userId }, degraded, at, release)
      if (degraded.length > 0) throw new TributaryError('UNAVAILABLE', `without ${degraded.join(', ')}`)
      const item = this.#online.items.find(itemId)
      const filters = this.#filters({ userId, k: 1 }, context)
      const isMet = item >= 0 && !notSeen(context.history, context.user, this.#kinds).keeps(item)
      if (context.history.length === 0 || isMet) return { at, ranks: undefined }
      const scored = this.#retriever.run(context)
      const { kept } = applyFilters(scored.blended.items, filters)
      const stages = this.#order.stages(scored, kept)
      return { at, ranks: ranksOf(item, { scored, stages, filters }) }
    })
  }

  item(itemId: string) {
    return this.#catalogue.get(itemId)
  }

  ready(): { ready: true } | { ready: false; reason: string } {
    if (this.#catalogue.size > 0) return { ready: true }
    return { ready: false, reason: 'the catalogue is empty: nothing has arrived on the topic `items` yet' }
  }

  #named(item: number): { readonly itemId: string; readonly title: string } {
    const itemId = this.#online.items.id(item)
    return { itemId, title: this.#catalogue.get(itemId)?.title ?? itemId }
  }

  #view(history: readonly HistoryEntry[]): HistoryView[] {
    return history.map(({ item, kind, value, at }) => {
      return { ...this.#named(item), kind: KINDS[kind]!, at, ...(Number.isNaN(value) ? {} : { value }) }
    })
  }

  #filters(request: RecommendRequest, { history, user }: RequestContext): Filter[] {
    const filters = [notSeen(history, user, this.#kinds), available(this.#retriever.lists)]
    if (request.exclude?.length) filters.push(notExcluded(request.exclude, this.#online.items))
    if (request.category) filters.push(inCategory(request.category, this.#catalogue, this.#online.items))
    return filters
  }

  /** One release from the beginning to the end, whatever is swapped in meanwhile. */
  async #withRelease<T>(use: (release: ServedRelease | undefined) => Promise<T>): Promise<T> {
    const hold = this.#releases.hold()
    try {
      return await use(hold.release)
    } finally {
      hold.end()
    }
  }
}
