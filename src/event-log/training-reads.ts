// The point-in-time reads of training and evaluation: `asOf` is a watermark of stream time in milliseconds, and nothing
// that happened after it is seen. Events of one user at the same millisecond keep the order of the log.
import { DEFAULT_KINDS, KINDS } from '../events/kinds.ts'
import type { Interaction } from '../events/types.ts'
import type { EventLog } from './event-log.ts'

/** One array per column, all of one length. */
export interface InteractionColumns {
  readonly userId: readonly string[]
  readonly itemId: readonly string[]
  readonly kind: readonly Interaction['kind'][]
  readonly value: readonly (number | null)[]
  readonly at: readonly number[]
}

export interface PlacedColumns extends InteractionColumns {
  /** Place, from 0, in the slate that the interaction answers; -1 where it answers none that has the item. */
  readonly place: readonly number[]
}

const LOG_ORDER = 'at, topic, partition, offset'

/** Whole users: from the one after `after` on, as many as it takes to have `rows` rows. */
const BLOCK_END_SQL = `
  SELECT max(userId) AS last
  FROM (SELECT userId FROM interactions WHERE userId > {after: String} ORDER BY userId LIMIT {rows: UInt64})`

const IN_BLOCK = 'userId > {after: String} AND userId <= {last: String}'

// Slates that nobody answered are many.
const BLOCK_SQL = `
  SELECT userId, itemId, kind, value, at, toInt32(indexOf(itemIds, itemId)) - 1 AS place
  FROM (SELECT * FROM interactions FINAL WHERE ${IN_BLOCK} AND at <= {asOf: Int64}) AS happened
  ANY LEFT JOIN (
    SELECT userId, requestId, itemIds FROM impressions FINAL
    WHERE ${IN_BLOCK} AND requestId IN (SELECT requestId FROM interactions WHERE ${IN_BLOCK} AND requestId != '')
  ) AS shown USING (userId, requestId)
  ORDER BY userId, ${LOG_ORDER}`

/**
 * All interactions up to `asOf` in blocks of whole users, ordered by user and time. So the history of an event is what
 * stands before it in its block with the same user: a model that looks only there sees nothing of the future.
 *
 * @param blockRows about how many rows a block has; a user with more makes a larger one
 */
export async function* interactionsByUser(
  log: Pick<EventLog, 'query' | 'columns'>,
  asOf: number,
  blockRows = 50_000,
): AsyncGenerator<PlacedColumns> {
  for (let after = ''; ; ) {
    const [end] = await log.query<{ last: string }>(BLOCK_END_SQL, { after, rows: blockRows })
    if (!end?.last) return
    const block = await log.columns<PlacedColumns>(BLOCK_SQL, { after, last: end.last, asOf })
    if (block.at.length > 0) yield withoutUndone(block)
    after = end.last
  }
}

/** The last `limit` interactions of a user before `at`, oldest first; none of those at `at` itself. */
export async function historyBefore(
  log: Pick<EventLog, 'columns'>,
  userId: string,
  at: number,
  limit: number,
): Promise<InteractionColumns> {
  const found = await log.columns<InteractionColumns>(
    `SELECT userId, itemId, kind, value, at
     FROM (
       SELECT userId, itemId, kind, value, ${LOG_ORDER} FROM interactions FINAL
       WHERE userId = {userId: String} AND at < {at: Int64}
       ORDER BY ${descending(LOG_ORDER)}
       LIMIT {limit: UInt32}
     )
     ORDER BY ${LOG_ORDER}`,
    { userId, at, limit },
  )
  return withoutUndone(found)
}

/** Leaves out each undo together with what it takes back: the same user and item at the same time. */
function withoutUndone<Columns extends InteractionColumns>(columns: Columns): Columns {
  const { userId, itemId, kind, at } = columns
  if (!kind.includes('undo')) return columns
  const fact = (row: number) => JSON.stringify([userId[row], itemId[row], at[row]])
  const undone = new Set(kind.flatMap((one, row) => (one === 'undo' ? [fact(row)] : [])))
  const kept = [...kind.keys()].filter((row) => !undone.has(fact(row)))
  const pick = (column: readonly unknown[]) => kept.map((row) => column[row]!)
  return Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, pick(column)])) as unknown as Columns
}

const TAKING = KINDS.filter((kind) => DEFAULT_KINDS[kind].consumes)
  .map((kind) => `'${kind}'`)
  .join()
const ANSWERS = `SELECT requestId, itemId FROM interactions WHERE requestId != '' AND kind IN (${TAKING})`

/** Every item that a user was shown at several places until they took it at one of them. */
export function itemsShownAndTaken(log: Pick<EventLog, 'columns'>): Promise<{
  /** From 0, of every slate that had it. */
  readonly places: readonly (readonly number[])[]
  readonly taken: readonly number[]
}> {
  return log.columns(
    `SELECT groupArray(toInt32(nth) - 1) AS places, anyIf(toInt32(nth) - 1, isTaken) AS taken
     FROM (
       SELECT userId, item, nth, (requestId, item) IN (${ANSWERS}) AS isTaken
       FROM (SELECT * FROM impressions FINAL WHERE userId IN (SELECT userId FROM interactions WHERE requestId != ''))
       ARRAY JOIN itemIds AS item, arrayEnumerate(itemIds) AS nth
     )
     GROUP BY userId, item
     HAVING countIf(isTaken) = 1 AND uniqExact(nth) > 1
     ORDER BY userId, item`,
  )
}

export interface AggregateColumns {
  readonly events: readonly number[]
  /** Over the events that have a value; null where none has. */
  readonly meanValue: readonly (number | null)[]
  /** Of the population, likewise. */
  readonly valueVariance: readonly (number | null)[]
  readonly firstAt: readonly number[]
  readonly lastAt: readonly number[]
}

const AGGREGATES = `
  count() AS events,
  avg(value) AS meanValue,
  varPopStable(value) AS valueVariance,
  min(at) AS firstAt,
  max(at) AS lastAt`

/** Every item that had an interaction by `asOf`. */
export function itemsAsOf(
  log: Pick<EventLog, 'columns'>,
  asOf: number,
): Promise<AggregateColumns & { readonly itemId: readonly string[]; readonly users: readonly number[] }> {
  return log.columns(
    `SELECT itemId, uniqExact(userId) AS users, ${AGGREGATES}
     FROM interactions FINAL WHERE at <= {asOf: Int64} GROUP BY itemId ORDER BY itemId`,
    { asOf },
  )
}

/** Every user who had an interaction by `asOf`. */
export function usersAsOf(
  log: Pick<EventLog, 'columns'>,
  asOf: number,
): Promise<AggregateColumns & { readonly userId: readonly string[]; readonly items: readonly number[] }> {
  return log.columns(
    `SELECT userId, uniqExact(itemId) AS items, ${AGGREGATES}
     FROM interactions FINAL WHERE at <= {asOf: Int64} GROUP BY userId ORDER BY userId`,
    { asOf },
  )
}

function descending(order: string): string {
  return order.replaceAll(',', ' DESC,').concat(' DESC')
}
