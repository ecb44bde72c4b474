import type { ClickHouseClient } from '@clickhouse/client'

const TABLES = ['interactions', 'impressions'] as const

/**
 * Has ClickHouse drop rows so many days after they were written: by that time, not by event time, which a replay has far
 * in the past. The newest position of each partition is kept in `forgotten`, or a partition in which nothing happens any
 * more would in the end be read again from the beginning of the log.
 */
export async function applyRetention(client: ClickHouseClient, days: number): Promise<void> {
  for (const table of TABLES) {
    await client.command({
      query: `INSERT INTO forgotten SELECT topic, partition, max(offset) FROM ${table} GROUP BY topic, partition`,
    })
    await client.command({
      query: `ALTER TABLE ${table} MODIFY TTL insertedAt + toIntervalDay(${days})`,
      // What is there already is dropped as its parts are merged, rather than by rewriting all of it now.
      clickhouse_settings: { materialize_ttl_after_modify: 0 },
    })
  }
}
