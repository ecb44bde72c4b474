import type { Item, User } from '../events/types.ts'

/** What every model is trained on: interactions by user, in columns. */
export interface TrainingSet {
  readonly userIds: readonly string[]
  /** By user: the profile, where one is known. */
  readonly users: readonly (User | undefined)[]
  /** The vocabulary: an item's index stands for it in everything that is trained. */
  readonly itemIds: readonly string[]
  /** By item index: what the catalogue knows of the item. */
  readonly items: readonly (Item | undefined)[]
  /** Of users + 1: the events of user u are starts[u] to starts[u + 1] - 1, oldest first, ties in the order of the log. */
  readonly starts: Uint32Array
  readonly item: Uint32Array
  /** Index into KINDS. */
  readonly kind: Uint8Array
  /** NaN where there is none. */
  readonly value: Float32Array
  /** Event time, ms. */
  readonly at: Float64Array
  /** Place, from 0, in the slate that the event answers; -1 where it answers none. */
  readonly place: Int16Array
  /** A place is looked at the less the further down it is: in proportion to (place + 1)^-positionBias. 0: places do not matter. */
  readonly positionBias: number
  /** Watermark, ms: nothing later is in here. */
  readonly asOf: number
}
