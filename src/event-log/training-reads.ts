// The point-in-time reads of training and evaluation: `asOf` is a watermark of stream time in milliseconds, and nothing
// that happened after it is seen. Events of one user at the same millisecond keep the order of the log.
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

const LOG_ORDER = 'at, topic, partition, offset'

/** Whole users: from the one after `after` on, as many as it takes to have `rows` rows. */
const BLOCK_END_SQL = `
  SELECT max(userId) AS last
  FROM (SELECT userId FROM interactions WHERE userId > {after: String} ORDER BY userId LIMIT {rows: UInt64})`

const BLOCK_SQL = `
  SELECT userId, itemId, kind, value, at
  FROM interactions FINAL
  WHERE userId > {after: String} AND userId <= {last: String} AND at <= {asOf: Int64}
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
): AsyncGenerator<InteractionColumns> {
  for (let after = ''; ; ) {
    const [end] = await log.query<{ last: string }>(BLOCK_END_SQL, { after, rows: blockRows })
    if (!end?.last) return
    const block = await log.columns<InteractionColumns>(BLOCK_SQL, { after, last: end.last, asOf })
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
function withoutUndone(columns: InteractionColumns): InteractionColumns {
  const { userId, itemId, kind, value, at } = columns
  if (!kind.includes('undo')) return columns
  const fact = (row: number) => JSON.stringify([userId[row], itemId[row], at[row]])
  const undone = new Set(kind.flatMap((one, row) => (one === 'undo' ? [fact(row)] : [])))
  const kept = [...kind.keys()].filter((row) => !undone.has(fact(row)))
  const pick = <T>(column: readonly T[]) => kept.map((row) => column[row]!)
  return { userId: pick(userId), itemId: pick(itemId), kind: pick(kind), value: pick(value), at: pick(at) }
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
