import type { EventLog } from '../../event-log/event-log.ts'
import type { Features } from '../../events/types.ts'

/** A slate that was logged with what the ranker saw. */
export interface LoggedSlate {
  readonly requestId: string
  readonly userId: string
  /** Event time, ms. */
  readonly at: number
  readonly release: string
  /** In the order shown. */
  readonly itemIds: readonly string[]
  /** Of 32 bits, as decimals of their precision. */
  readonly scores: readonly number[]
  readonly features: Features
}

/**
 * The slates logged last that carry features.
 * @param since of event time, ms
 */
export async function loggedSlates(log: Pick<EventLog, 'query'>, most: number, since: number): Promise<LoggedSlate[]> {
  const rows = await log.query<Omit<LoggedSlate, 'features'> & { readonly features: string }>(
    `SELECT requestId, userId, at, toString(release) AS release, itemIds, scores, features
     FROM impressions FINAL
     WHERE features != '' AND at >= {since: Int64}
     ORDER BY insertedAt DESC, at DESC, partition, offset DESC
     LIMIT {most: UInt64}`,
    { most, since },
  )
  return rows.map((row) => ({ ...row, features: JSON.parse(row.features) }))
}
