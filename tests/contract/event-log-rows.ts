import type { EventLog } from '../../src/event-log/event-log.ts'
import { EventLogBatch, type EventLogRow } from '../../src/event-log/event-log-batch.ts'

export async function append(log: Pick<EventLog, 'append'>, rows: readonly EventLogRow[]): Promise<void> {
  const batch = new EventLogBatch()
  for (const row of rows) batch.add(row)
  await log.append(batch)
}

export const WRITER_PARTITIONS = [0, 1, 2] as const

/** What the writer appends at each position, so that the log it should have come to can be written anew. */
export function rowAt(partition: number, offset: number): EventLogRow {
  const userId = `u${partition}-${offset % 17}`
  const event = { eventId: `e${offset}`, userId, itemId: `i${offset % 5}`, kind: 'like', at: 1_000 + offset } as const
  return { topic: 'ratings', partition, offset, event }
}
