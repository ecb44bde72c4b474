import type { EventOf } from '../events/codec.ts'
import type { Topic } from '../events/topics.ts'
import type { Impression, Interaction } from '../events/types.ts'

export type LoggedTopic = Extract<Topic, 'ratings' | 'feedback' | 'impressions'>

export type EventLogRow = {
  [T in LoggedTopic]: {
    readonly topic: T
    readonly partition: number
    readonly offset: number
    readonly event: EventOf[T]
  }
}[LoggedTopic]

const POSITION = ['topic', 'partition', 'offset']

/** Columns of schemas/migrations, in the order in which a batch has them. */
export const COLUMNS = {
  interactions: [...POSITION, 'eventId', 'userId', 'itemId', 'kind', 'value', 'at', 'requestId'],
  impressions: [...POSITION, 'requestId', 'userId', 'at', 'release', 'itemIds', 'scores', 'sources', 'features'],
} as const

export type Table = keyof typeof COLUMNS

/**
 * Rows on their way into the log. They are turned into ClickHouse's JSONCompactEachRow as they are added, outside of
 * JavaScript's heap: kept as events until a batch is full, a million of them took 130 MB more at the peak.
 */
export class EventLogBatch {
  readonly tables: Readonly<Record<Table, RowText>> = { interactions: new RowText(), impressions: new RowText() }

  get rows(): number {
    return this.tables.interactions.rows + this.tables.impressions.rows
  }

  get bytes(): number {
    return this.tables.interactions.text.length + this.tables.impressions.text.length
  }

  add({ topic, partition, offset, event }: EventLogRow): void {
    if (topic === 'impressions') this.tables.impressions.add([topic, partition, offset, ...impression(event)])
    else this.tables.interactions.add([topic, partition, offset, ...interaction(event)])
  }

  /** Makes room for the next rows, keeping the memory. */
  clear(): void {
    for (const table of Object.values(this.tables)) table.clear()
  }
}

/** One JSON array a line. */
class RowText {
  rows = 0
  #buffer = Buffer.alloc(0)
  #end = 0

  /** Valid until the next call. */
  get text(): Buffer {
    return this.#buffer.subarray(0, this.#end)
  }

  add(values: readonly unknown[]): void {
    const line = `${JSON.stringify(values)}\n`
    this.#reserve(3 * line.length)
    this.#end += this.#buffer.write(line, this.#end)
    this.rows++
  }

  clear(): void {
    this.rows = 0
    this.#end = 0
  }

  #reserve(bytes: number): void {
    if (this.#end + bytes <= this.#buffer.length) return
    const larger = Buffer.allocUnsafe(2 * (this.#end + bytes))
    this.#buffer.copy(larger, 0, 0, this.#end)
    this.#buffer = larger
  }
}

function interaction({ eventId, userId, itemId, kind, value, at, requestId }: Interaction): unknown[] {
  return [eventId, userId, itemId, kind, value ?? null, at, requestId ?? '']
}

function impression({ requestId, userId, at, release, items, features }: Impression): unknown[] {
  return [
    requestId,
    userId,
    at,
    wellFormed(release),
    items.map(({ itemId }) => itemId),
    items.map(({ score }) => score),
    items.map(({ sources }) => sources.map(wellFormed)),
    features ? JSON.stringify(features) : '',
  ]
}

/** A lone surrogate, which the schema keeps out of ids only, would make ClickHouse refuse the whole insert. */
function wellFormed(text: string): string {
  return text.toWellFormed()
}
