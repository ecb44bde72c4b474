import { partitionFor } from '../../events/topics.ts'
import type { User } from '../../events/types.ts'
import { KEYS } from '../../state/keys.ts'
import type { Offsets, StateStore } from '../../state/state-store.ts'
import { HISTORY_ENTRY_BYTES, History } from '../../state/values/history.ts'
import { ItemSet } from '../../state/values/item-set.ts'
import { decodePosition } from '../../state/values/position.ts'
import { type GenreTaste, UserFeatures } from '../../state/values/user-features.ts'
import { VOCABULARY_CHUNK, Vocabulary } from '../../state/values/vocabulary.ts'
import type { CacheLimits } from './aged-cache.ts'
import type { ItemIndex } from './item-index.ts'
import { ItemTable } from './item-table.ts'
import { LiveRows, NO_CACHE } from './live-rows.ts'
import { PartitionVocabulary } from './partition-vocabulary.ts'

/** One interaction of a user, the item by its index in this process. */
export interface HistoryEntry {
  readonly item: number
  readonly kind: number
  /** NaN where there is none. */
  readonly value: number
  readonly at: number
}

export interface UserState {
  /** Newest first. */
  readonly history: readonly HistoryEntry[]
  /** Items met before the history begins. */
  readonly beyond: readonly number[]
  readonly features: UserFeatures
  readonly genres: readonly (GenreTaste & { readonly name: string })[]
  readonly profile: User | undefined
  /** Of the user's partition, when all of this was read; undefined where the state does not say. */
  readonly position: Offsets | undefined
}

/**
 * The online state as serving reads it: the partitions' shards merged, their ordinals translated to item indexes.
 * A user is read anew for every request, rows where they are not cached; item statistics and vocabularies are refreshed
 * every so often.
 */
export class OnlineState {
  readonly items: ItemIndex
  readonly table: ItemTable
  /** What users share. */
  readonly rows: LiveRows
  readonly #store: StateStore
  readonly #group: string
  readonly #vocabularies: readonly PartitionVocabulary[]
  readonly #genreNames: Vocabulary[]
  #streamTime = 0
  #refreshing: Promise<void> | undefined
  readonly #rowsAgeMs: number
  /** Of the latest readings, oldest first: all that are younger than rows may be, and one more. */
  readonly #readings: { readonly at: number; readonly positions: ItemTable['positions'] }[] = []

  /** @param cache of rows; without it every row is read anew */
  constructor(store: StateStore, group: string, items: ItemIndex, cache: CacheLimits = NO_CACHE) {
    this.#store = store
    this.#group = group
    this.items = items
    // Where nothing ages, whoever commits says what has changed: rows are of now.
    this.#rowsAgeMs = Number.isFinite(cache.maxAgeMs) ? cache.maxAgeMs : 0
    const partitions = Array.from({ length: store.partitions }, (_, partition) => partition)
    this.#vocabularies = partitions.map((partition) => new PartitionVocabulary(store, group, partition, items))
    this.#genreNames = partitions.map(() => new Vocabulary())
    this.table = new ItemTable(store, group, this.#vocabularies)
    this.rows = new LiveRows({ store, group, items, vocabularies: this.#vocabularies, cache })
  }

  /** The greatest event time that any partition has folded, as of the last refresh. */
  get streamTime(): number {
    return this.#streamTime
  }

  /** By partition: where the state stands; undefined where it does not say. */
  async positions(): Promise<ItemTable['positions']> {
    const reads = this.#vocabularies.map(async ({ size }, partition) => {
      const [position] = await this.#store.read(this.#group, partition, [KEYS.position])
      return decodePosition(position) ?? (size === 0 ? {} : undefined)
    })
    return Promise.all(reads)
  }

  /** By partition: where the state stood when rows that are kept by now were read, or before; empty where that is not known. */
  get oldestRows(): ItemTable['positions'] {
    const before = performance.now() - this.#rowsAgeMs
    while (this.#readings.length > 1 && this.#readings[1]!.at <= before) this.#readings.shift()
    return this.#readings[0]?.positions ?? []
  }

  /** Reads vocabularies and item statistics again; calls at the same time share one reading. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#readAll().finally(() => {
      this.#refreshing = undefined
    })
    return this.#refreshing
  }

  async user(userId: string): Promise<UserState> {
    const partition = partitionFor(userId, this.#store.partitions)
    const [history, beyond, features, profile, position] = await this.#store.read(this.#group, partition, [
      KEYS.history + userId,
      KEYS.beyondHistory + userId,
      KEYS.features + userId,
      KEYS.profile + userId,
      KEYS.position,
    ])
    // Before anything is awaited: from then on the bytes may change.
    const folded = decodePosition(position)
    const entries = new History(history)
    const vocabulary = this.#vocabularies[partition]!
    if (entries.length > 0 && newest(entries) >= vocabulary.size) await vocabulary.refresh()
    const met = new ItemSet(beyond)
    const userFeatures = new UserFeatures(features)
    return {
      history: Array.from({ length: entries.length }, (_, age) => {
        const i = entries.length - 1 - age
        const item = vocabulary.index(entries.item(i))
        return { item, kind: entries.kind(i), value: entries.value(i), at: entries.at(i) }
      }),
      beyond: Array.from({ length: met.length }, (_, i) => vocabulary.index(met.item(i))),
      features: userFeatures,
      genres: await this.#named(partition, userFeatures.genres(this.#streamTime)),
      profile: profile && JSON.parse(Buffer.from(profile).toString('utf8')),
      position: folded,
    }
  }

  /** Of each user a text that changes when the history does: one read a partition for all of them. */
  async historyVersions(userIds: readonly string[]): Promise<string[]> {
    const versions: string[] = userIds.map(() => '')
    const byPartition = Map.groupBy(userIds.keys(), (i) => partitionFor(userIds[i]!, this.#store.partitions))
    for (const [partition, places] of byPartition) {
      const keys = places.map((i) => KEYS.history + userIds[i]!)
      const values = await this.#store.read(this.#group, partition, keys)
      values.forEach((bytes, at) => {
        const last = bytes && Buffer.from(bytes).toString('base64', bytes.length - HISTORY_ENTRY_BYTES)
        versions[places[at]!] = `${bytes?.length ?? 0}:${last ?? ''}`
      })
    }
    return versions
  }

  /** A few users of each partition, the first by id of those whose id begins so, and how many interactions they have. */
  async someUsers(perPartition: number, prefix = ''): Promise<{ userId: string; count: number }[]> {
    const users: { userId: string; count: number }[] = []
    for (let partition = 0; partition < this.#store.partitions; partition++) {
      const enough = users.length + perPartition
      for await (const [key, bytes] of this.#store.scan(this.#group, partition, KEYS.features + prefix)) {
        if (users.length === enough) break
        users.push({ userId: key.slice(KEYS.features.length), count: new UserFeatures(bytes).count })
      }
    }
    return users
  }

  /** Items that partitions have met since, for a caller that knows of some. */
  async readVocabularies(): Promise<void> {
    await Promise.all(this.#vocabularies.map((vocabulary) => vocabulary.refresh()))
  }

  async #readAll(): Promise<void> {
    await this.readVocabularies()
    await Promise.all(
      this.#vocabularies.map(async (_, partition) => {
        const [bytes] = await this.#store.read(this.#group, partition, [KEYS.streamTime])
        if (bytes) this.#streamTime = Math.max(this.#streamTime, Buffer.from(bytes).readDoubleLE())
      }),
    )
    await this.table.refresh(this.#streamTime, this.items.size)
    this.#readings.push({ at: performance.now(), positions: this.table.positions })
    // Whoever does not ask for it is not to keep it.
    void this.oldestRows
  }

  async #named(partition: number, tastes: GenreTaste[]): Promise<(GenreTaste & { name: string })[]> {
    const names = this.#genreNames[partition]!
    if (tastes.some(({ genre }) => genre >= names.size)) {
      const chunks = Math.floor(Math.max(...tastes.map(({ genre }) => genre)) / VOCABULARY_CHUNK)
      for (let chunk = 0; chunk <= chunks; chunk++) {
        const [bytes] = await this.#store.read(this.#group, partition, [KEYS.genres + chunk])
        if (bytes) names.load(chunk, bytes)
      }
    }
    return tastes.map((taste) => ({ ...taste, name: names.name(taste.genre) }))
  }
}

/** The ordinal given out last among a history's items. */
function newest(history: History): number {
  let ordinal = -1
  for (let i = 0; i < history.length; i++) ordinal = Math.max(ordinal, history.item(i))
  return ordinal
}
