import type { Topic } from '../events/topics.ts'
import type { Impression, Interaction } from '../events/types.ts'

/**
 * The append-only log of all that happened, in SQL: what training, evaluation and people read.
 *
 * Exactly once: every row carries topic, partition and offset; the offset to resume from is read from the rows
 * themselves, and one append is one atomic insert.
 */
export interface EventLog {
  /** Creates or upgrades the tables. Idempotent. */
  migrate(): Promise<void>
  /** The offset to read next of each partition of `topic`: one past the greatest in the log, absent where there is none. */
  offsets(topic: LoggedTopic): Promise<ReadonlyMap<number, number>>
  /** All rows or none. Rows of one topic and partition are consecutive in offset order. */
  append(rows: readonly EventLogRow[]): Promise<void>
  /** Rows of any SELECT, parameters bound by the server as `{name: Type}`. */
  query<Row>(sql: string, parameters?: Record<string, unknown>): Promise<Row[]>
  close(): Promise<void>
}

export type LoggedTopic = Extract<Topic, 'ratings' | 'feedback' | 'impressions'>

export interface EventLogRow {
  readonly topic: LoggedTopic
  readonly partition: number
  readonly offset: number
  readonly event: Interaction | Impression
}
