import { Readable } from 'node:stream'
import { ClickHouseLogLevel, createClient } from '@clickhouse/client'
import type { EventLog } from './event-log.ts'
import { SqlEventLog } from './sql-event-log.ts'

export interface ClickHouseOptions {
  /** Of the HTTP interface, as http://localhost:8123; what it has of user, password and database goes over the rest. */
  readonly url: string
  readonly username?: string
  readonly password?: string
  /** Must exist. Default `default`. */
  readonly database?: string
  /** Default 120,000: training reads and digests of a long log take a while. */
  readonly requestTimeoutMs?: number
  /** Rows are dropped so many days after they were written. Default: never. Takes the right to ALTER the tables. */
  readonly retentionDays?: number
}

/**
 * The event log on a ClickHouse server. Does not connect yet: the first call does.
 *
 * Rights: SELECT and INSERT on the database's tables; ALTER DELETE as well for `forget`; CREATE TABLE and CREATE VIEW
 * for `migrate`, which may be another user's task.
 */
export function openClickHouseEventLog(options: ClickHouseOptions): EventLog {
  const { username = 'default', password = '', database = 'default', requestTimeoutMs = 120_000 } = options
  const url = new URL(options.url)
  const client = createClient({
    url: url.origin,
    username: decodeURIComponent(url.username) || username,
    password: decodeURIComponent(url.password) || password,
    database: decodeURIComponent(url.pathname.slice(1)) || database,
    request_timeout: requestTimeoutMs,
    application: 'tributary',
    // What fails is thrown.
    log: { level: ClickHouseLogLevel.OFF },
    clickhouse_settings: {
      // One append, one block, one part, written when the insert returns.
      async_insert: 0,
      max_insert_block_size: '1048576',
      min_insert_block_size_rows: '1048576',
      min_insert_block_size_bytes: '0',
      output_format_json_quote_64bit_integers: 0,
    },
  })
  return new SqlEventLog({
    name: url.host,
    writer: client,
    reader: client,
    insert: async (table, columns, rows) => {
      const query = `INSERT INTO ${table} (${columns.join(', ')}) FORMAT JSONCompactEachRow`
      const { stream } = await client.exec({ query, values: Readable.from([rows], { objectMode: false }) })
      // The connection is free again once the answer, which is empty, has been read.
      await stream.toArray()
    },
    close: () => client.close(),
    ...(options.retentionDays !== undefined && { retentionDays: options.retentionDays }),
  })
}
