import { KINDS } from '../../events/kinds.ts'
import type { Interaction, Item, User } from '../../events/types.ts'

/**
 * A stream of interactions that can be replayed, with the catalogue and the profiles that go with it.
 *
 * Order: ascending event time, ties in the order of the file; the same at every reading, so that a sequence number
 * (0 for the first interaction) names one event for good. Reading holds no more than a chunk at a time.
 */
export interface Dataset {
  /** Names this very stream in event ids: letters, digits, `.`, `_` and `-`. */
  readonly name: string
  /** For people: what it is and where it comes from. */
  readonly about: string
  /** Interactions in all. */
  readonly size: number
  /** Event time of the first and the last interaction in ms; for a generated stream, as planned. */
  readonly firstAt: number
  readonly lastAt: number
  /** What the numbers in a chunk stand for. */
  readonly userIds: readonly string[]
  readonly itemIds: readonly string[]
  /** The stream from sequence number `first` (default 0) on. A chunk may be empty: then there was long work to do. */
  chunks(first?: number): Iterable<InteractionChunk>
  items(): Iterable<Item>
  users(): Iterable<User>
}

/** Consecutive interactions in columns of the same length. */
export interface InteractionChunk {
  /** Of row 0. */
  readonly sequence: number
  /** Indexes into `Dataset.userIds` and `Dataset.itemIds`. */
  readonly user: Uint32Array
  readonly item: Uint32Array
  /** Index into KINDS. */
  readonly kind: Uint8Array
  /** NaN where there is none. */
  readonly value: Float64Array
  /** Event time, ms. */
  readonly at: Float64Array
}

/** The stream as events, from sequence number `first` on. Slower than chunks by the making of the objects. */
export function* interactions(dataset: Dataset, first = 0, run = 1): Generator<Interaction> {
  for (const chunk of dataset.chunks(first)) {
    for (let row = 0; row < chunk.at.length; row++) {
      const value = chunk.value[row]!
      yield {
        eventId: eventIdOf(dataset.name, run, chunk.sequence + row),
        userId: dataset.userIds[chunk.user[row]!]!,
        itemId: dataset.itemIds[chunk.item[row]!]!,
        kind: KINDS[chunk.kind[row]!]!,
        ...(Number.isNaN(value) ? {} : { value }),
        at: chunk.at[row]!,
      }
    }
  }
}

/** Event time of the interaction with that sequence number, ms; undefined past the end. */
export function timeAt(dataset: Dataset, sequence: number): number | undefined {
  for (const { at } of dataset.chunks(sequence)) if (at.length > 0) return at[0]
  return undefined
}

/** `<data set>:<sequence>`; a stream that is replayed again from the start says `<data set>#<run>:<sequence>`. */
function eventIdOf(dataset: string, run: number, sequence: number): string {
  return `${eventIdPrefix(dataset, run)}${sequence}`
}

export function eventIdPrefix(dataset: string, run: number): string {
  return run === 1 ? `${dataset}:` : `${dataset}#${run}:`
}

export interface ReplayedId {
  readonly dataset: string
  readonly run: number
  readonly sequence: number
}

/** undefined for the id of any other producer. */
export function parseEventId(eventId: string): ReplayedId | undefined {
  const match = /^([\w.-]+)(?:#(\d+))?:(\d+)$/.exec(eventId)
  return match ? { dataset: match[1]!, run: Number(match[2] ?? 1), sequence: Number(match[3]) } : undefined
}

/** What may stand for a data set in event ids, made of a file or folder name. */
export function datasetNameOf(text: string): string {
  return text.replaceAll(/[^\w.-]+/g, '-').slice(0, 64) || 'data'
}
