import type { Broker, Consumer, RecordBatch } from '../broker/broker.ts'
import { BatchedAppend, type BatchedAppendOptions } from '../event-log/batched-append.ts'
import type { EventLog } from '../event-log/event-log.ts'
import type { EventLogRow, LoggedTopic } from '../event-log/event-log-batch.ts'
import { decode } from '../events/codec.ts'

export interface EventLogSinkOptions extends BatchedAppendOptions {
  readonly broker: Pick<Broker, 'subscribe'>
  readonly log: EventLog
}

export interface EventLogSink extends Consumer {
  /** Records produced and not in the event log yet, over this member's partitions. */
  lag(): number
  /** Appended since the start. */
  readonly rows: number
  /** Records that do not decode, since the start: whoever keeps the state buries them in `dead-letters`. */
  readonly skipped: number
  /** How long the last append took. */
  readonly lastFlushMs: number
  /** Resolves when all that has been handled so far is in the event log. */
  flush(): Promise<void>
}

const TOPICS = ['ratings', 'feedback', 'impressions', 'users'] as const

/**
 * Writes the topics into the event log, and deletes from it whoever is to be forgotten, exactly once: it reads its positions from the log itself, and a batch is in
 * the log whole or not at all. So records may be taken long before they are written; what a crash loses of them is
 * read again.
 */
export async function eventLogSink({ broker, log, ...batching }: EventLogSinkOptions): Promise<EventLogSink> {
  const appends = new BatchedAppend(log, batching)
  let skipped = 0

  const consumer = await broker.subscribe({
    group: 'event-log',
    topics: TOPICS,
    assigned: async (partition) => {
      const offsets = await Promise.all(TOPICS.map((topic) => log.offsets(topic)))
      const known = TOPICS.map((topic, i) => [topic, offsets[i]!.get(partition)] as const)
      return Object.fromEntries(known.filter(([, offset]) => offset !== undefined))
    },
    handle: async (batch) => {
      if (batch.topic === 'users') return forgetUsers(batch)
      const rows = decodeRows(batch)
      await appends.add(rows)
      skipped += batch.records.length - rows.length
    },
    // The next owner asks the log where to begin.
    revoked: () => appends.flush(),
  })

  async function forgetUsers({ partition, records }: RecordBatch): Promise<void> {
    for (const { offset, value } of records) {
      const decoded = decode('users', value)
      if (!decoded.ok || !decoded.event.forgotten) continue
      const { userId } = decoded.event
      await appends.afterAll(() => log.forget(userId, { partition, offset }))
    }
  }

  return {
    done: Promise.race([consumer.done.then(() => appends.flush()), appends.failed]),
    lag: () => consumer.lag() + appends.pending,
    flush: () => appends.flush(),
    stop: async () => {
      appends.stopRetrying()
      await consumer.stop()
      await appends.flush()
    },
    get rows() {
      return appends.rows
    },
    get skipped() {
      return skipped
    },
    get lastFlushMs() {
      return appends.lastAppendMs
    },
  }
}

function decodeRows({ topic, partition, records }: RecordBatch): EventLogRow[] {
  const now = Date.now()
  const rows: EventLogRow[] = []
  for (const { offset, value } of records) {
    const decoded = decode(topic as LoggedTopic, value, now)
    if (decoded.ok) rows.push({ topic, partition, offset, event: decoded.event } as EventLogRow)
  }
  return rows
}
