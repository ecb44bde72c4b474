import type { EventLog } from './event-log.ts'
import type { LoggedTopic } from './event-log-batch.ts'

/** What the log holds of one partition of a topic. */
export interface PartitionPositions {
  readonly topic: LoggedTopic
  readonly partition: number
  readonly first: number
  readonly next: number
  /** Different offsets; forgotten ones are not among them. */
  readonly events: number
  /** Rows beyond one per offset. ClickHouse merges them away in time; FINAL does not see them. */
  readonly duplicates: number
  /** Offsets between first and next that are neither in the log nor forgotten, as [from, until). */
  readonly gaps: readonly (readonly [from: number, until: number])[]
}

// Tables whose enumerations differ have numbers in common, but no names: unless all are brought to the longest.
const TOPIC = `CAST(topic, 'Enum8(''ratings'' = 1, ''feedback'' = 2, ''impressions'' = 3, ''users'' = 4)') AS topic`
const POSITIONS = `
  SELECT ${TOPIC}, partition, offset, 0 AS gone FROM interactions
  UNION ALL
  SELECT ${TOPIC}, partition, offset, 0 AS gone FROM impressions
  UNION ALL
  SELECT topic, partition, offset, 1 AS gone FROM forgotten WHERE topic != 'users'`

const SUMMARY_SQL = `
  SELECT
    topic,
    partition,
    min(offset) AS first,
    max(offset) + 1 AS next,
    uniqExactIf(offset, gone = 0) AS events,
    countIf(gone = 0) - events AS duplicates
  FROM (${POSITIONS})
  GROUP BY topic, partition
  ORDER BY topic, partition`

/** At most so many a partition. */
const GAPS_SQL = `
  SELECT topic, partition, groupArray(100)((offset + 1, following)) AS gaps
  FROM (
    SELECT topic, partition, offset, leadInFrame(offset, 1, offset) OVER (
      PARTITION BY topic, partition ORDER BY offset ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING
    ) AS following
    FROM (SELECT DISTINCT topic, partition, offset FROM (${POSITIONS}))
    ORDER BY topic, partition, offset
  )
  WHERE following > offset + 1
  GROUP BY topic, partition`

/**
 * Whether every offset is in the log once: the proof of "nothing lost, nothing twice". An event that does not decode
 * leaves a gap, since it is not logged: see `dead-letters`. Reads every position, so not for serving.
 */
export async function checkPositions(log: Pick<EventLog, 'query'>): Promise<PartitionPositions[]> {
  const summaries = await log.query<Omit<PartitionPositions, 'gaps'>>(SUMMARY_SQL)
  const found = await log.query<Pick<PartitionPositions, 'topic' | 'partition' | 'gaps'>>(GAPS_SQL)
  return summaries.map((summary) => {
    const { topic, partition } = summary
    const gaps = found.find((row) => row.topic === topic && row.partition === partition)?.gaps ?? []
    return { ...summary, gaps }
  })
}
