import { KINDS } from '../events/kinds.ts'
import type { Interaction, Item, User } from '../events/types.ts'
import type { Dataset } from '../producers/datasets/dataset.ts'

/** A whole data set in columns, by sequence number: ascending time, ties in the order of the file. */
export interface Events {
  readonly name: string
  readonly size: number
  /** Indexes into `userIds` and `itemIds`. */
  readonly user: Uint32Array
  readonly item: Uint32Array
  /** Index into KINDS. */
  readonly kind: Uint8Array
  /** NaN where there is none. */
  readonly value: Float64Array
  /** Event time, ms. */
  readonly at: Float64Array
  readonly userIds: readonly string[]
  readonly itemIds: readonly string[]
  /** By user index: the profile, where there is one. */
  readonly users: readonly (User | undefined)[]
  readonly catalogue: readonly Item[]
  /** By item index. */
  readonly genres: readonly (readonly string[])[]
}

export function readEvents(dataset: Dataset): Events {
  const { name, size, userIds, itemIds } = dataset
  const user = new Uint32Array(size)
  const item = new Uint32Array(size)
  const kind = new Uint8Array(size)
  const value = new Float64Array(size)
  const at = new Float64Array(size)
  for (const chunk of dataset.chunks()) {
    user.set(chunk.user, chunk.sequence)
    item.set(chunk.item, chunk.sequence)
    kind.set(chunk.kind, chunk.sequence)
    value.set(chunk.value, chunk.sequence)
    at.set(chunk.at, chunk.sequence)
  }
  const catalogue = [...dataset.items()]
  const genresById = new Map(catalogue.map(({ itemId, genres = [] }) => [itemId, genres]))
  const genres = itemIds.map((itemId) => genresById.get(itemId) ?? [])
  const profiles = new Map([...dataset.users()].map((profile) => [profile.userId, profile]))
  const users = userIds.map((userId) => profiles.get(userId))
  return { name, size, user, item, kind, value, at, userIds, itemIds, users, catalogue, genres }
}

/** One event, as the projections take it. */
export function interactionAt(events: Events, sequence: number): Interaction {
  const value = events.value[sequence]!
  return {
    eventId: `${events.name}:${sequence}`,
    userId: events.userIds[events.user[sequence]!]!,
    itemId: events.itemIds[events.item[sequence]!]!,
    kind: KINDS[events.kind[sequence]!]!,
    ...(Number.isNaN(value) ? {} : { value }),
    at: events.at[sequence]!,
  }
}

/** A rating from which an item counts as liked. */
const LIKED = 4

/** Of what carries no rating nothing is known. */
export function isLiked(events: Events, sequence: number): boolean {
  return events.value[sequence]! >= LIKED
}
