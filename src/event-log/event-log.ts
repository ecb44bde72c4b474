import type { EventLogBatch, LoggedTopic } from './event-log-batch.ts'

/**
 * The append-only log of all that happened, in SQL: what training, evaluation and people read.
 *
 * Exactly once: the log is a set of positions (topic, partition, offset). The offset to resume from is read from the
 * rows themselves, an append is atomic, and appending a position again changes nothing, so that a writer may repeat
 * whatever it is unsure of. Not the log's: the order of appends. Whoever writes a partition writes it in offset order
 * and nothing after a failed append, else the resume offset would jump a gap.
 * The tables (schemas/migrations) may hold a repeated row twice until ClickHouse merges them: read with FINAL.
 */
export interface EventLog {
  /** Creates or upgrades the tables. Idempotent; several processes may call it at once. */
  migrate(): Promise<void>
  /**
   * The offset to read next of each partition of `topic`: one past the greatest in the log, absent where there is none.
   * Of `users` the log knows what asked it to forget somebody.
   */
  offsets(topic: LoggedTopic | 'users'): Promise<ReadonlyMap<number, number>>
  /**
   * At most MAX_APPEND_ROWS rows, which are not to change until this settles. Atomic per table: all of the interactions
   * or none of them, all of the impressions or none. May be repeated after any failure.
   */
  append(batch: EventLogBatch): Promise<void>
  /** Rows of any SELECT, parameters bound by the server as `{name: Type}`. 64-bit integers come as numbers. */
  query<Row>(sql: string, parameters?: QueryParameters): Promise<Row[]>
  /** The same as one array per column, which takes a fraction of the time and memory where rows are many. */
  columns<Columns>(sql: string, parameters?: QueryParameters): Promise<Columns>
  /** What the log holds, however it is stored and in whatever batches it came: equal logs have equal digests. */
  digest(): Promise<LogDigest>
  /**
   * Deletes all rows of a user. Resume offsets stay where they were.
   *
   * @param askedAt of the event on the topic `users` that asks for it: known to `offsets` when all is deleted
   */
  forget(userId: string, askedAt?: { readonly partition: number; readonly offset: number }): Promise<void>
  close(): Promise<void>
}

export interface LogDigest {
  readonly rows: number
  /** Hexadecimal; over all fields of all events and their positions. */
  readonly hash: string
}

export type QueryParameters = Readonly<Record<string, string | number>>

/** An append is one block in ClickHouse, and a block is bounded. */
export const MAX_APPEND_ROWS = 100_000
