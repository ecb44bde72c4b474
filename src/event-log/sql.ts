// What the event log asks its tables about itself.
import type { LoggedTopic } from './event-log-batch.ts'

/**
 * Parameter `topic` → partition, next. Without FINAL, so that the projection answers: a copy of a row does not move a
 * maximum.
 */
export function resumeSql(topic: LoggedTopic | 'users'): string {
  const forgotten =
    'SELECT partition, max(offset) AS last FROM forgotten WHERE topic = {topic: String} GROUP BY partition'
  const table = topic === 'impressions' ? 'impressions' : 'interactions'
  const logged = `SELECT partition, max(offset) AS last FROM ${table} WHERE topic = {topic: String} GROUP BY topic, partition`
  const positions = topic === 'users' ? forgotten : `${logged} UNION ALL ${forgotten}`
  return `SELECT partition, max(last) + 1 AS next FROM (${positions}) GROUP BY partition`
}

// The sum of hashes (modulo 2^64) does not depend on the order of the rows; nor does it on ClickHouse's NULL, which a
// hash function would pass through, or on the numbers behind the names of an Enum.
export const DIGEST_SQL = `
  SELECT sum(events) AS rows, lower(hex(sum(hashes))) AS hash
  FROM (
    SELECT
      count() AS events,
      sum(sipHash64(
        toString(topic), partition, offset, eventId, userId, itemId, toString(kind),
        isNull(value), ifNull(value, 0), at, requestId
      )) AS hashes
    FROM interactions FINAL
    UNION ALL
    SELECT
      count() AS events,
      sum(sipHash64(
        toString(topic), partition, offset, requestId, userId, at, toString(release),
        toString(itemIds), toString(scores), toString(sources), features
      )) AS hashes
    FROM impressions FINAL
  )`
