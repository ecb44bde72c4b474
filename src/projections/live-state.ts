import type { Catalogue } from '../catalogue/catalogue.ts'
import { DEFAULT_KINDS, KINDS, type KindMeanings, preferenceOf } from '../events/kinds.ts'
import { keyHash } from '../events/topics.ts'
import type { Interaction, User } from '../events/types.ts'
import { KEYS } from '../state/keys.ts'
import type { Offsets, PartitionOwner } from '../state/state-store.ts'
import { CO_VISIT_HALF_LIFE_MS } from '../state/values/decay.ts'
import { History } from '../state/values/history.ts'
import { ItemSet } from '../state/values/item-set.ts'
import { ItemStatisticsChunk, STATISTICS_CHUNK } from '../state/values/item-statistics.ts'
import { Neighbours } from '../state/values/neighbours.ts'
import { encodePosition } from '../state/values/position.ts'
import { Postings } from '../state/values/postings.ts'
import { Trail } from '../state/values/trail.ts'
import { UserFeatures } from '../state/values/user-features.ts'
import { Vocabulary } from '../state/values/vocabulary.ts'
import { countCoVisits, coVisited, uncountCoVisits } from './co-visitation.ts'
import { isRepeated, laterVisits, remember, type Visit } from './history.ts'
import { HotTable } from './hot-table.ts'

export interface LiveStateOptions {
  readonly kinds?: KindMeanings
  /** Of co-visits, in stream time. Default CO_VISIT_HALF_LIFE_MS; a state must be rebuilt to change it. */
  readonly coVisitHalfLifeMs?: number
  /** Users and item rows kept in memory, per partition. */
  readonly maxHotUsers?: number
  readonly maxHotItems?: number
}

/**
 * The live state of one partition: a fold of its interactions into histories, co-visits, trails, user features and
 * item statistics. What it becomes depends on the events and their order alone, not on how they were batched.
 */
export class LiveState {
  readonly #owner: PartitionOwner
  readonly #catalogue: Pick<Catalogue, 'get'>
  readonly #kinds: KindMeanings
  readonly #consumes: readonly boolean[]
  readonly #halfLifeMs: number
  readonly #items = new Vocabulary()
  readonly #genres = new Vocabulary()
  readonly #histories: HotTable<History, string>
  readonly #beyond: HotTable<ItemSet, string>
  readonly #features: HotTable<UserFeatures, string>
  readonly #neighbours: HotTable<Neighbours, number>
  readonly #statistics: HotTable<ItemStatisticsChunk, number>
  /** By the hash of the user id: users need no numbering, and two that share a trail read as one. */
  readonly #trails: HotTable<Trail, number>
  readonly #postings: HotTable<Postings, number>
  readonly #profiles = new Map<string, Uint8Array | null>()
  #streamTime = 0
  #repeated = 0

  private constructor(owner: PartitionOwner, catalogue: Pick<Catalogue, 'get'>, options: LiveStateOptions) {
    const { kinds = DEFAULT_KINDS, maxHotUsers = 5_000, maxHotItems = 20_000 } = options
    this.#owner = owner
    this.#catalogue = catalogue
    this.#kinds = kinds
    this.#halfLifeMs = options.coVisitHalfLifeMs ?? CO_VISIT_HALF_LIFE_MS
    this.#consumes = KINDS.map((kind) => kinds[kind].consumes)
    this.#histories = new HotTable(KEYS.history, (bytes) => new History(bytes), maxHotUsers)
    this.#beyond = new HotTable(KEYS.beyondHistory, (bytes) => new ItemSet(bytes), maxHotUsers)
    this.#features = new HotTable(KEYS.features, (bytes) => new UserFeatures(bytes), maxHotUsers)
    this.#neighbours = new HotTable(KEYS.neighbours, (bytes) => new Neighbours(bytes), maxHotItems)
    this.#statistics = new HotTable(KEYS.statistics, (bytes) => new ItemStatisticsChunk(bytes), maxHotItems)
    this.#trails = new HotTable(KEYS.trails, (bytes) => new Trail(bytes), maxHotUsers)
    this.#postings = new HotTable(KEYS.postings, (bytes) => new Postings(bytes), maxHotItems)
  }

  /** Takes up the state where its owner left it. */
  static async open(owner: PartitionOwner, catalogue: Pick<Catalogue, 'get'>, options: LiveStateOptions = {}) {
    const state = new LiveState(owner, catalogue, options)
    for (const [prefix, vocabulary] of [
      [KEYS.items, state.#items],
      [KEYS.genres, state.#genres],
    ] as const) {
      for await (const [key, bytes] of owner.scan(prefix)) vocabulary.load(Number(key.slice(prefix.length)), bytes)
    }
    const [streamTime] = await owner.read([KEYS.streamTime])
    if (streamTime) state.#streamTime = Buffer.from(streamTime).readDoubleLE()
    return state
  }

  /** The greatest event time folded. */
  get streamTime(): number {
    return this.#streamTime
  }

  /** Events that had been folded before, or that take back what is not there, and were left out. */
  get repeated(): number {
    return this.#repeated
  }

  /** Folds interactions in their order. Nothing is stored before `commit`. */
  async fold(events: readonly Interaction[]): Promise<void> {
    const items = events.map((event) => this.#items.ordinal(event.itemId))
    await this.#load(events, items)
    events.forEach((event, index) => {
      this.#foldOne(event, items[index]!)
    })
  }

  /** Takes a profile up, or forgets the user: what is stored under their id. Counts that they were one of many in stay. */
  foldProfile(user: User): void {
    const { userId } = user
    this.#profiles.set(userId, user.forgotten ? null : Buffer.from(JSON.stringify(user)))
    if (!user.forgotten) return
    for (const table of [this.#histories, this.#beyond, this.#features]) table.remove(userId)
    this.#trails.remove(keyHash(userId))
  }

  /** Stores what has been folded since the last commit, and the offsets it came up to, in one step. */
  async commit(offsets: Offsets): Promise<void> {
    const mutations = new Map<string, Uint8Array | null>()
    const perUser = [this.#histories, this.#beyond, this.#features, this.#trails]
    const tables = [...perUser, this.#neighbours, this.#statistics, this.#postings]
    for (const table of tables) table.collect(mutations)
    for (const [chunk, bytes] of this.#items.changes()) mutations.set(KEYS.items + chunk, bytes)
    for (const [chunk, bytes] of this.#genres.changes()) mutations.set(KEYS.genres + chunk, bytes)
    for (const [userId, bytes] of this.#profiles) mutations.set(KEYS.profile + userId, bytes)
    const streamTime = Buffer.alloc(8)
    streamTime.writeDoubleLE(this.#streamTime)
    mutations.set(KEYS.streamTime, streamTime)
    mutations.set(KEYS.position, encodePosition(offsets))
    await this.#owner.commit(mutations, offsets)
    for (const table of tables) table.settle()
    this.#profiles.clear()
  }

  /** One read a table for the whole batch, so that a remote store costs a few round trips a batch. */
  async #load(events: readonly Interaction[], ordinals: readonly number[]): Promise<void> {
    const users = new Map<string, number[]>()
    const chunks = new Set<number>()
    const undoing = new Set<string>()
    events.forEach(({ userId, kind }, index) => {
      const item = ordinals[index]!
      chunks.add(Math.floor(item / STATISTICS_CHUNK))
      if (kind === 'undo') undoing.add(userId)
      const items = users.get(userId)
      if (items) items.push(item)
      else users.set(userId, [item])
    })
    await Promise.all([
      this.#histories.load(this.#owner, users.keys()),
      this.#beyond.load(this.#owner, users.keys()),
      this.#features.load(this.#owner, users.keys()),
      this.#statistics.load(this.#owner, chunks),
      this.#trails.load(this.#owner, [...users.keys()].map(keyHash)),
      this.#postings.load(this.#owner, ordinals),
    ])
    const rows = new Set<number>()
    for (const [userId, items] of users) {
      const history = this.#histories.peek(userId)
      const touched = undoing.has(userId)
        ? Array.from({ length: history.length }, (_, i) => history.item(i))
        : coVisited(history, this.#consumes)
      for (const item of touched) rows.add(item)
      for (const item of items) rows.add(item)
    }
    await this.#neighbours.load(this.#owner, rows)
  }

  #foldOne(event: Interaction, item: number): void {
    if (event.kind === 'undo') {
      this.#takeBack(event, item)
      return
    }
    const { userId, at } = event
    const kind = KINDS.indexOf(event.kind)
    const visit: Visit = { item, kind, value: event.value ?? Number.NaN, at }
    const history = this.#histories.peek(userId)
    if (isRepeated(visit, history, this.#beyond.peek(userId))) {
      this.#repeated++
      return
    }
    if (this.#consumes[kind]) {
      countCoVisits(item, at, history, this.#consumes, this.#halfLifeMs, (row) => this.#neighbours.change(row))
      const chunk = this.#statistics.change(Math.floor(item / STATISTICS_CHUNK))
      chunk.add(item, visit.value, at)
      const trailNumber = keyHash(userId)
      const trail = this.#trails.change(trailNumber)
      this.#postings.change(item).append(trailNumber, trail.count)
      trail.append(item)
    }
    const { genres, year } = this.#contentOf(event.itemId)
    this.#features.change(userId).add(visit.value, preferenceOf(event, this.#kinds), at, genres, year)
    remember(visit, this.#histories.change(userId), () => this.#beyond.change(userId))
    if (at > this.#streamTime) this.#streamTime = at
  }

  /** Only what the history still holds can be taken back. */
  #takeBack({ userId, itemId, at }: Interaction, item: number): void {
    const index = this.#histories.peek(userId).find(item, at)
    if (index < 0) {
      this.#repeated++
      return
    }
    const history = this.#histories.change(userId)
    const [kind, value] = [history.kind(index), history.value(index)]
    if (this.#consumes[kind]) {
      uncountCoVisits(history, index, this.#consumes, this.#halfLifeMs, (row) => this.#neighbours.change(row))
      this.#statistics.change(Math.floor(item / STATISTICS_CHUNK)).subtract(item, value, at)
      this.#takeBackVisit(userId, item, laterVisits(history, index, this.#consumes))
    }
    const { genres, year } = this.#contentOf(itemId)
    const preference = preferenceOf({ kind: KINDS[kind]!, value }, this.#kinds)
    this.#features.change(userId).subtract(value, preference, at, genres, year)
    history.remove(index)
  }

  /** @param later other visits of the item that the user made after it */
  #takeBackVisit(userId: string, item: number, later: number): void {
    const trailNumber = keyHash(userId)
    const position = this.#trails.change(trailNumber).takeBack(item, later)
    if (position >= 0) this.#postings.change(item).takeBack(trailNumber, position)
  }

  #contentOf(itemId: string): { genres: number[]; year: number | undefined } {
    const known = this.#catalogue.get(itemId)
    return { genres: (known?.genres ?? []).map((genre) => this.#genres.ordinal(genre)), year: known?.year }
  }
}
