import { formatSpeed } from './pacing.ts'

export interface FetchProgress {
  readonly receivedBytes: number
  /** undefined where the server does not say. */
  readonly totalBytes: number | undefined
}

export interface ReplayProgress {
  readonly dataset: string
  /** Sent by this replay. */
  readonly produced: number
  /** Sequence number reached, of `total` in the stream (or up to where this replay goes). */
  readonly position: number
  readonly total: number
  /** Of the last few seconds. */
  readonly eventsPerSecond: number
  /** Event time of the last event, ms; undefined before the first. */
  readonly streamAt: number | undefined
  /** Infinity for max. */
  readonly speed: number
  readonly paused: boolean
  /** Events produced that consumers have not handled yet; undefined where nobody can tell. */
  readonly lag: number | undefined
  /** Until the end; undefined while it cannot be told. */
  readonly etaMs: number | undefined
}

/** One line, such as `ml-1m  412,000 of 1,000,209 (41 %)  84,120/s  max  2000-11-20 14:03  lag 1,200  7 s left`. */
export function formatProgress(progress: ReplayProgress): string {
  const { dataset, position, total, eventsPerSecond, streamAt, speed, paused, lag, etaMs } = progress
  const percent = total ? Math.floor((100 * position) / total) : 100
  const parts = [
    dataset,
    `${formatCount(position)} of ${formatCount(total)} (${percent} %)`,
    `${eventsPerSecond >= 10 ? formatCount(eventsPerSecond) : eventsPerSecond.toFixed(1)}/s`,
    paused ? 'paused' : formatSpeed(speed),
  ]
  if (streamAt !== undefined) parts.push(new Date(streamAt).toISOString().slice(0, 16).replace('T', ' '))
  if (lag !== undefined) parts.push(`lag ${formatCount(lag)}`)
  if (etaMs !== undefined && position < total) parts.push(`${formatDuration(etaMs)} left`)
  return parts.join('  ')
}

/** One line, such as `ml-1m  3.2 of 5.9 MB (54 %)`. */
export function formatDownload(name: string, { receivedBytes, totalBytes }: FetchProgress): string {
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1)
  if (totalBytes === undefined) return `${name}  ${megabytes(receivedBytes)} MB`
  const percent = Math.floor((100 * receivedBytes) / Math.max(1, totalBytes))
  return `${name}  ${megabytes(receivedBytes)} of ${megabytes(totalBytes)} MB (${percent} %)`
}

export function formatCount(count: number): string {
  return Math.round(count).toLocaleString('en-US')
}

/** Two units at most: `7 s`, `3 min 20 s`, `5 h 10 min`, `41 d 3 h`. */
export function formatDuration(ms: number): string {
  let seconds = Math.ceil(ms / 1000)
  const parts: string[] = []
  for (const [unit, size] of UNITS) {
    const count = Math.floor(seconds / size)
    if (count > 0) parts.push(`${count} ${unit}`)
    // a unit of nothing after the first is still the second one: `1 h 0 min 5 s` reads `1 h`
    else if (parts.length > 0) break
    if (parts.length === 2) break
    seconds -= count * size
  }
  return parts.join(' ') || '0 s'
}

const UNITS: readonly (readonly [unit: string, seconds: number])[] = [
  ['d', 86_400],
  ['h', 3600],
  ['min', 60],
  ['s', 1],
]

/** Time constant of the rate's smoothing. */
const RATE_MEMORY_MS = 3000

/** Events per second, smoothed. Give it the count and the time now and then. */
export function rateMeter(startMs: number): (count: number, nowMs: number) => number {
  let previousCount = 0
  let previousMs = startMs
  let rate: number | undefined
  return (count, nowMs) => {
    const elapsedMs = nowMs - previousMs
    if (elapsedMs <= 0) return rate ?? 0
    const latest = ((count - previousCount) * 1000) / elapsedMs
    rate = rate === undefined ? latest : latest + (rate - latest) * Math.exp(-elapsedMs / RATE_MEMORY_MS)
    previousCount = count
    previousMs = nowMs
    return rate
  }
}
