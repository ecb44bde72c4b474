// How events become rows of schemas/migrations: which table, which columns, in which order.
import type { Impression, Interaction } from '../events/types.ts'
import type { EventLogRow, LoggedTopic } from './event-log.ts'

export type Table = 'interactions' | 'impressions'

export const TABLE_OF: Readonly<Record<LoggedTopic, Table>> = {
  ratings: 'interactions',
  feedback: 'interactions',
  impressions: 'impressions',
}

const POSITION = ['topic', 'partition', 'offset'] as const

export const COLUMNS_OF: Readonly<Record<Table, [string, ...string[]]>> = {
  interactions: [...POSITION, 'eventId', 'userId', 'itemId', 'kind', 'value', 'at', 'requestId'],
  impressions: [...POSITION, 'requestId', 'userId', 'at', 'release', 'itemIds', 'scores', 'sources'],
}

/** The rows of each table as arrays in the order of `COLUMNS_OF`. */
export function rowsByTable(rows: readonly EventLogRow[]): Record<Table, unknown[][]> {
  const byTable: Record<Table, unknown[][]> = { interactions: [], impressions: [] }
  for (const { topic, partition, offset, event } of rows) {
    if (topic === 'impressions') byTable.impressions.push([topic, partition, offset, ...impression(event)])
    else byTable.interactions.push([topic, partition, offset, ...interaction(event)])
  }
  return byTable
}

function interaction({ eventId, userId, itemId, kind, value, at, requestId }: Interaction): unknown[] {
  return [eventId, userId, itemId, kind, value ?? null, at, requestId ?? '']
}

function impression({ requestId, userId, at, release, items }: Impression): unknown[] {
  return [
    requestId,
    userId,
    at,
    wellFormed(release),
    items.map(({ itemId }) => itemId),
    items.map(({ score }) => score),
    items.map(({ sources }) => sources.map(wellFormed)),
  ]
}

/** A lone surrogate, which the schema keeps out of ids only, would make ClickHouse refuse the whole insert. */
function wellFormed(text: string): string {
  return text.toWellFormed()
}
