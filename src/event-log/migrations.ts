import { readdirSync, readFileSync } from 'node:fs'
import type { ClickHouseClient } from '@clickhouse/client'

const FOLDER = new URL('../../schemas/migrations/', import.meta.url)

/**
 * Runs what of schemas/migrations has not run here yet, in the order of the file names, and records each file in the
 * table `schema_migrations`. Every statement is repeatable (IF NOT EXISTS), so two processes may do it at once and a
 * crash half-way is made good by the next start. Where nothing is left to run, SELECT is all the right it takes.
 */
export async function applyMigrations(client: ClickHouseClient): Promise<void> {
  const applied = await appliedMigrations(client)
  for (const name of readdirSync(FOLDER)
    .filter((file) => file.endsWith('.sql'))
    .sort()) {
    if (applied.has(name)) continue
    for (const query of statements(readFileSync(new URL(name, FOLDER), 'utf8'))) await client.command({ query })
    await client.insert({
      table: 'schema_migrations',
      columns: ['name'],
      values: [[name]],
      format: 'JSONCompactEachRow',
    })
  }
}

async function appliedMigrations(client: ClickHouseClient): Promise<ReadonlySet<string>> {
  const [found] = await rows<{ result: number }>(client, 'EXISTS TABLE schema_migrations')
  if (found?.result !== 1) {
    await client.command({
      query: `CREATE TABLE IF NOT EXISTS schema_migrations (name String, appliedAt DateTime('UTC') DEFAULT now())
              ENGINE = ReplacingMergeTree ORDER BY name`,
    })
  }
  const applied = await rows<{ name: string }>(client, 'SELECT name FROM schema_migrations')
  return new Set(applied.map(({ name }) => name))
}

async function rows<Row>(client: ClickHouseClient, query: string): Promise<Row[]> {
  return (await client.query({ query, format: 'JSONEachRow' })).json<Row>()
}

/** A statement ends with a semicolon at the end of a line; a comment has lines of its own. */
function statements(sql: string): string[] {
  return sql
    .replaceAll(/^\s*--.*$/gm, '')
    .split(/;\s*$/m)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '')
}
