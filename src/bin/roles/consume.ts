import type { Consumer } from '../../broker/broker.ts'
import { Catalogue } from '../../catalogue/catalogue.ts'
import type { Config } from '../../config/config.ts'
import { eventLogSink } from '../../consumers/event-log-sink.ts'
import { consumeLiveState } from '../../consumers/live-state-consumer.ts'
import { openBroker, openEventLog, openStateStore } from '../adapters.ts'

export interface ConsumeProgress {
  /** Since the start of this process. */
  readonly events: number
  readonly refused: number
  readonly repeated: number
  readonly streamTime: number
  /** Events produced and not folded yet. */
  readonly lag: number
  /** Rows in the event log since the start of this process, and events that are not in it yet. */
  readonly logged: number
  readonly logLag: number
}

export interface ConsumeOptions {
  readonly config: Config
  readonly signal: AbortSignal
  readonly onProgress?: (progress: ConsumeProgress) => void
  readonly progressIntervalMs?: number
}

/** Folds the topics into online state and event log until the signal, or until a consumer fails for good. */
export async function consume({ config, signal, onProgress, progressIntervalMs = 250 }: ConsumeOptions): Promise<void> {
  const broker = await openBroker(config)
  const store = await openStateStore(config)
  const log = await openEventLog(config)
  await log.migrate()
  const catalogue = new Catalogue()
  await catalogue.follow(broker)

  const counts = { events: 0, refused: 0, repeated: 0, streamTime: 0 }
  const live = await consumeLiveState({
    broker,
    store,
    catalogue,
    maxBatchRecords: config.maxBatchRecords,
    commitEvents: config.commitEvents,
    onCommit: ({ events, refused, repeated, streamTime }) => {
      counts.events += events
      counts.refused += refused
      counts.repeated += repeated
      counts.streamTime = Math.max(counts.streamTime, streamTime)
    },
  })
  const sink = await eventLogSink({ log, broker })
  const consumers: Consumer[] = [live, sink]
  const progress = () => onProgress?.({ ...counts, lag: live.lag(), logged: sink.rows, logLag: sink.lag() })
  const timer = setInterval(progress, progressIntervalMs)
  try {
    await Promise.race([aborted(signal), ...consumers.map(({ done }) => done)])
  } finally {
    clearInterval(timer)
    await Promise.allSettled(consumers.map((consumer) => consumer.stop()))
    progress()
    await catalogue.stop()
    await broker.close()
    await store.close()
    await log.close()
  }
}

export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
