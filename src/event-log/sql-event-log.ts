import type { ClickHouseClient } from '@clickhouse/client'
import { TributaryError } from '../errors.ts'
import { type EventLog, type LogDigest, MAX_APPEND_ROWS, type QueryParameters } from './event-log.ts'
import { COLUMNS, type EventLogBatch, type LoggedTopic, type Table } from './event-log-batch.ts'
import { applyMigrations } from './migrations.ts'
import { applyRetention } from './retention.ts'
import { DIGEST_SQL, resumeSql } from './sql.ts'
import { type Attempt, toTributaryError } from './sql-errors.ts'

export interface SqlConnection {
  /** For messages: where the log is. */
  readonly name: string
  readonly writer: ClickHouseClient
  /** May be the writer, unless a long query of one client holds up its other calls. */
  readonly reader: ClickHouseClient
  /** @param rows in the format JSONCompactEachRow */
  insert(table: Table, columns: readonly string[], rows: Buffer): Promise<void>
  close(): Promise<void>
  /** Rows are dropped so many days after they were written; undefined for never. */
  readonly retentionDays?: number
}

interface ColumnsAnswer<Columns> {
  readonly meta: readonly { readonly name: string }[]
  readonly data: Columns
}

/** The event log over @clickhouse/client: chDB in this process and a ClickHouse server differ in the connection only. */
export class SqlEventLog implements EventLog {
  readonly #connection: SqlConnection

  constructor(connection: SqlConnection) {
    this.#connection = connection
  }

  migrate(): Promise<void> {
    const { writer, retentionDays } = this.#connection
    return this.#attempt('migrate', 'INTERNAL', async () => {
      await applyMigrations(writer)
      if (retentionDays !== undefined) await applyRetention(writer, retentionDays)
    })
  }

  async offsets(topic: LoggedTopic | 'users'): Promise<ReadonlyMap<number, number>> {
    const rows = await this.query<{ partition: number; next: number }>(resumeSql(topic), { topic })
    return new Map(rows.map(({ partition, next }) => [partition, next]))
  }

  async append(batch: EventLogBatch): Promise<void> {
    if (batch.rows > MAX_APPEND_ROWS) {
      const message = `an append takes at most ${MAX_APPEND_ROWS} rows, not ${batch.rows}: split it`
      throw new TributaryError('BAD_INPUT', message, { rows: batch.rows })
    }
    for (const table of ['interactions', 'impressions'] as const) {
      const { rows, text } = batch.tables[table]
      if (rows === 0) continue
      await this.#attempt('append to', 'INTERNAL', () => this.#connection.insert(table, COLUMNS[table], text))
    }
  }

  query<Row>(sql: string, parameters: QueryParameters = {}): Promise<Row[]> {
    return this.#attempt('query', 'BAD_INPUT', async () => {
      const question = { query: sql, query_params: { ...parameters }, format: 'JSONEachRow' } as const
      return (await this.#connection.reader.query(question)).json<Row>()
    })
  }

  columns<Columns>(sql: string, parameters: QueryParameters = {}): Promise<Columns> {
    return this.#attempt('query', 'BAD_INPUT', async () => {
      const question = { query: sql, query_params: { ...parameters }, format: 'JSONColumnsWithMetadata' } as const
      const answer = await this.#connection.reader.query(question)
      const { meta, data }: ColumnsAnswer<Columns> = JSON.parse(await answer.text())
      // Without rows there are no columns in `data` either.
      return { ...Object.fromEntries(meta.map(({ name }) => [name, []])), ...data }
    })
  }

  async digest(): Promise<LogDigest> {
    const [digest] = await this.query<LogDigest>(DIGEST_SQL)
    return digest!
  }

  async forget(userId: string, askedAt?: { readonly partition: number; readonly offset: number }): Promise<void> {
    for (const table of ['interactions', 'impressions'] as const) {
      // The positions first: a crash between the two must not set the resume offset back.
      await this.#forget(`INSERT INTO forgotten SELECT topic, partition, offset FROM ${table} FINAL`, userId)
      await this.#forget(`DELETE FROM ${table}`, userId)
    }
    if (!askedAt) return
    await this.#attempt('append to', 'INTERNAL', () =>
      this.#connection.writer.insert({
        table: 'forgotten',
        columns: ['topic', 'partition', 'offset'],
        values: [['users', askedAt.partition, askedAt.offset]],
        format: 'JSONCompactEachRow',
      }),
    )
  }

  close(): Promise<void> {
    return this.#connection.close()
  }

  #forget(statement: string, userId: string): Promise<void> {
    return this.#attempt('delete from', 'INTERNAL', async () => {
      const query = `${statement} WHERE userId = {userId: String}`
      await this.#connection.writer.command({ query, query_params: { userId } })
    })
  }

  async #attempt<T>(doing: string, refused: Attempt['refused'], work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (cause) {
      throw toTributaryError(cause, { doing, where: this.#connection.name, refused })
    }
  }
}
