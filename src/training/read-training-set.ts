import type { EventLog } from '../event-log/event-log.ts'
import { interactionsByUser, itemsShownAndTaken } from '../event-log/training-reads.ts'
import { KINDS } from '../events/kinds.ts'
import type { Item, User } from '../events/types.ts'
import type { TrainingSet } from '../models/training-set.ts'
import { estimatePositionBias } from './position-bias.ts'

export interface TrainingSetOptions {
  /** Watermark, ms. */
  readonly asOf: number
  /** What is known of items now: it has no history, so a title may be younger than the watermark. */
  readonly catalogue?: Iterable<Item>
  /** What is known of users now, likewise. */
  readonly profiles?: ReadonlyMap<string, User>
  /** See TrainingSet. Default 0. */
  readonly positionBias?: number | 'estimate'
  readonly signal?: AbortSignal
}

/**
 * Everything that had happened by `asOf`, read in blocks of whole users. The vocabulary is the items in the order in
 * which they are first met, then those of the catalogue that nobody has met.
 *
 * @throws the signal's reason
 */
export async function readTrainingSet(
  log: Pick<EventLog, 'query' | 'columns'>,
  { asOf, catalogue = [], profiles = new Map(), positionBias = 0, signal }: TrainingSetOptions,
): Promise<TrainingSet> {
  const kinds = new Map(KINDS.map((kind, index) => [kind, index]))
  const vocabulary = new Map<string, number>()
  const indexOf = (itemId: string) => {
    const known = vocabulary.get(itemId)
    if (known !== undefined) return known
    vocabulary.set(itemId, vocabulary.size)
    return vocabulary.size - 1
  }
  const userIds: string[] = []
  const starts: number[] = []
  const columns = {
    item: new Column(Uint32Array),
    kind: new Column(Uint8Array),
    value: new Column(Float32Array),
    at: new Column(Float64Array),
    place: new Column(Int16Array),
  }
  for await (const block of interactionsByUser(log, asOf)) {
    signal?.throwIfAborted()
    block.userId.forEach((userId, row) => {
      if (userId !== userIds.at(-1)) {
        userIds.push(userId)
        starts.push(columns.at.length)
      }
      columns.item.push(indexOf(block.itemId[row]!))
      columns.kind.push(kinds.get(block.kind[row]!)!)
      columns.value.push(block.value[row] ?? Number.NaN)
      columns.at.push(block.at[row]!)
      columns.place.push(block.place[row]!)
    })
  }
  const known = new Map<string, Item>()
  for (const item of catalogue) {
    known.set(item.itemId, item)
    indexOf(item.itemId)
  }
  const itemIds = [...vocabulary.keys()]
  return {
    userIds,
    users: userIds.map((userId) => profiles.get(userId)),
    itemIds,
    items: itemIds.map((itemId) => known.get(itemId)),
    starts: Uint32Array.from([...starts, columns.at.length]),
    item: columns.item.values() as Uint32Array,
    kind: columns.kind.values() as Uint8Array,
    value: columns.value.values() as Float32Array,
    at: columns.at.values() as Float64Array,
    place: columns.place.values() as Int16Array,
    positionBias: positionBias === 'estimate' ? await positionBiasOf(log) : positionBias,
    asOf,
  }
}

async function positionBiasOf(log: Pick<EventLog, 'columns'>): Promise<number> {
  const { places, taken } = await itemsShownAndTaken(log)
  return estimatePositionBias(places.map((all, item) => ({ places: all, taken: taken[item]! })))
}

type Numbers = Uint32Array | Uint8Array | Int16Array | Float32Array | Float64Array

/** A typed array that grows. */
class Column {
  readonly #make: new (
    length: number,
  ) => Numbers
  #data: Numbers
  length = 0

  constructor(make: new (length: number) => Numbers) {
    this.#make = make
    this.#data = new make(1024)
  }

  push(value: number): void {
    if (this.length === this.#data.length) {
      const grown = new this.#make(2 * this.length)
      grown.set(this.#data)
      this.#data = grown
    }
    this.#data[this.length++] = value
  }

  values(): Numbers {
    return this.#data.slice(0, this.length)
  }
}
