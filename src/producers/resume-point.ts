import type { Bounds, Broker, LogRecord } from '../broker/broker.ts'
import { parseEventId, type ReplayedId } from './datasets/dataset.ts'

/**
 * How far a data set has been replayed, as the log itself says: there is no other record of it that could disagree
 * after a crash. Exact because a partition holds its users' events in stream order: what comes after the last event of
 * the data set in a partition is missing from it, all else is there.
 */
export interface ResumePoint {
  /** The latest run in the log; 0 where the data set has never been replayed. */
  readonly run: number
  /** Per partition: the last sequence number of that run, -1 where there is none. */
  readonly sequences: readonly number[]
  /** The records behind `sequences`, to check that the data set is still the same. */
  readonly records: readonly (LogRecord | undefined)[]
}

type ReadableLog = Pick<Broker, 'read' | 'bounds'>

const FIRST_PAGE = 64
const MAX_PAGE = 8192

/** Looks back past the events of other producers, to the beginning of the log if need be. */
export async function findResumePoint(broker: ReadableLog, dataset: string): Promise<ResumePoint> {
  const bounds = await broker.bounds('ratings')
  const tails = await Promise.all(
    bounds.map((within, partition) => findLast(broker, partition, within, (id) => id.dataset === dataset)),
  )
  const run = Math.max(0, ...tails.map((tail) => tail?.id.run ?? 0))
  const ofRun = tails.map((tail) => (tail?.id.run === run ? tail : undefined))
  return {
    run,
    sequences: ofRun.map((tail) => tail?.id.sequence ?? -1),
    records: ofRun.map((tail) => tail?.record),
  }
}

/** The data set that was replayed last into this log, by name; undefined where none was. */
export async function lastReplayed(broker: ReadableLog): Promise<string | undefined> {
  const bounds = await broker.bounds('ratings')
  for (const [partition, within] of bounds.entries()) {
    const last = await findLast(broker, partition, within, () => true)
    if (last) return last.id.dataset
  }
  return undefined
}

interface Replayed {
  readonly id: ReplayedId
  readonly record: LogRecord
}

async function findLast(
  broker: ReadableLog,
  partition: number,
  { begin, end }: Bounds,
  wanted: (id: ReplayedId) => boolean,
): Promise<Replayed | undefined> {
  let to = end
  for (let page = FIRST_PAGE; to > begin; page = Math.min(page * 8, MAX_PAGE)) {
    const from = Math.max(begin, to - page)
    let last: Replayed | undefined
    for (let offset = from; offset < to; ) {
      const records = await broker.read('ratings', partition, offset, to - offset)
      if (records.length === 0) break
      for (const record of records) {
        const id = replayedIdOf(record.value)
        if (id && wanted(id)) last = { id, record }
      }
      offset = records[records.length - 1]!.offset + 1
    }
    if (last) return last
    to = from
  }
  return undefined
}

/** undefined for what another producer wrote, whatever it is. */
function replayedIdOf(value: Uint8Array): ReplayedId | undefined {
  try {
    const event: unknown = JSON.parse(Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString())
    const eventId = (event as { eventId?: unknown } | null)?.eventId
    return typeof eventId === 'string' ? parseEventId(eventId) : undefined
  } catch {
    return undefined
  }
}
