import type { Broker, Consumer } from '../../broker/broker.ts'
import { Catalogue } from '../../catalogue/catalogue.ts'
import type { Config } from '../../config/config.ts'
import { type EventLogSink, eventLogSink } from '../../consumers/event-log-sink.ts'
import { type Commit, consumeLiveState, type LiveStateConsumerOptions } from '../../consumers/live-state-consumer.ts'
import type { EventLog } from '../../event-log/event-log.ts'
import { openBroker, openEventLog, openStateStore } from '../adapters.ts'
import { whenAvailable } from '../when-available.ts'

const PROGRESS_INTERVAL_MS = 250

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

export const NOTHING_CONSUMED: ConsumeProgress = {
  events: 0,
  refused: 0,
  repeated: 0,
  streamTime: 0,
  lag: 0,
  logged: 0,
  logLag: 0,
}

export interface OpenLog {
  readonly log: EventLog
  readonly broker: Broker
  readonly sink: EventLogSink
}

export interface ConsumeOptions {
  readonly config: Config
  readonly signal: AbortSignal
  /** What has changed, again and again. */
  readonly onProgress?: (progress: Partial<ConsumeProgress>) => void
  /** Events that are predicted before they are folded. */
  readonly sample?: LiveStateConsumerOptions['sample']
  /** Told what `writeLog` works with once that is open; it is closed when the role ends. */
  readonly onOpen?: (open: OpenLog) => void
}

/** Folds the topics into the online state until the signal, or until the consumer fails for good. */
export async function foldState(options: ConsumeOptions): Promise<void> {
  const { config, signal, onProgress } = options
  const broker = await whenAvailable(() => openBroker(config), signal)
  const store = await whenAvailable(() => openStateStore(config), signal)
  const catalogue = new Catalogue()
  await whenAvailable(() => catalogue.follow(broker), signal)
  const counts = { events: 0, refused: 0, repeated: 0, streamTime: 0 }
  const subscription = {
    broker,
    store,
    catalogue,
    maxBatchRecords: config.maxBatchRecords,
    commitEvents: config.commitEvents,
    ...(options.sample && { sample: options.sample }),
    onCommit: ({ events, refused, repeated, streamTime }: Commit) => {
      counts.events += events
      counts.refused += refused
      counts.repeated += repeated
      counts.streamTime = Math.max(counts.streamTime, streamTime)
    },
  }
  const live = await whenAvailable(() => consumeLiveState(subscription), signal)
  await untilStopped(live, signal, () => onProgress?.({ ...counts, lag: live.lag() }))
  await catalogue.stop()
  await broker.close()
  await store.close()
}

/** Writes the topics into the event log until the signal, or until the consumer fails for good. */
export async function writeLog({ config, signal, onProgress, onOpen }: ConsumeOptions): Promise<void> {
  const broker = await whenAvailable(() => openBroker(config), signal)
  const log = await openEventLog(config)
  await whenAvailable(() => log.migrate(), signal)
  const sink = await whenAvailable(() => eventLogSink({ log, broker }), signal)
  onOpen?.({ log, broker, sink })
  await untilStopped(sink, signal, () => onProgress?.({ logged: sink.rows, logLag: sink.lag() }))
  await broker.close()
  await log.close()
}

/** Both, in this thread. */
export async function consume(options: ConsumeOptions): Promise<void> {
  await Promise.all([foldState(options), writeLog(options)])
}

async function untilStopped(consumer: Consumer, signal: AbortSignal, report: () => void): Promise<void> {
  const timer = setInterval(report, PROGRESS_INTERVAL_MS)
  try {
    await Promise.race([aborted(signal), consumer.done])
  } finally {
    clearInterval(timer)
    await consumer.stop()
    report()
  }
}

export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
