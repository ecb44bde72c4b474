import type { Operations } from '../operations.ts'
import type { QualityFigures } from '../prequential.ts'
import type { Recommender } from '../recommender.ts'
import type { EventStream } from './event-stream.ts'
import { HistogramWindow } from './histogram-window.ts'
import type { ServingMetrics } from './metrics.ts'

const INTERVAL_MS = 1000
const POINTS_KEPT = 300
const QUALITY_INTERVAL_MS = 3000
/** Seconds over which latency and rates are summed up. */
const WINDOW_SECONDS = 10

export interface OperatorFeedOptions {
  readonly operations: Operations
  readonly recommender: Pick<Recommender, 'ready' | 'popular'>
  readonly metrics: ServingMetrics
  /** Stream time, ms. */
  readonly now: () => number
  readonly inFlight: () => number
}

/** The figures of one moment that make a line over time. */
interface Point {
  /** Wall clock, ms. */
  readonly at: number
  readonly eventsPerSecond: number | null
  readonly lag: number | null
  readonly requestsPerSecond: number
  readonly p50Ms: number | null
  readonly p99Ms: number | null
  readonly freshnessP50Ms: number | null
  readonly freshnessP99Ms: number | null
}

/** Once a second, what operators look at: to whoever listens, and kept for who comes later. */
export class OperatorFeed {
  readonly #options: OperatorFeedOptions
  readonly #routes: HistogramWindow
  readonly #stages: HistogramWindow
  readonly #listeners = new Set<EventStream>()
  readonly #points: Point[] = []
  readonly #timer: NodeJS.Timeout
  #events: { readonly count: number; readonly at: number } | undefined
  #latest: object | undefined
  #qualitySentAt = 0
  #quality: { readonly count: number; readonly figures: QualityFigures } | undefined

  constructor(options: OperatorFeedOptions) {
    this.#options = options
    const { metrics } = options
    this.#routes = new HistogramWindow(metrics.requestSeconds, 'route', WINDOW_SECONDS + 1)
    this.#stages = new HistogramWindow(metrics.stageSeconds, 'stage', WINDOW_SECONDS + 1)
    this.#timer = setInterval(() => void this.#tick(), INTERVAL_MS)
    this.#timer.unref()
  }

  listen(stream: EventStream): void {
    stream.send('past', this.#points)
    if (this.#latest) stream.send('figures', this.#latest)
    if (this.#quality) stream.send('quality', this.#quality.figures)
    this.#listeners.add(stream)
    stream.closed.then(() => this.#listeners.delete(stream))
  }

  close(): void {
    clearInterval(this.#timer)
  }

  async #tick(): Promise<void> {
    const { operations, now, inFlight, recommender } = this.#options
    const at = Date.now()
    // Stream time is as of the last reading of the state: who looks at it wants one.
    if (this.#listeners.size > 0) await recommender.popular(1, 'trend').catch(() => {})
    const consumed = operations.consumed?.()
    const routes = [...(await this.#routes.read())].map(([name, summary]) => ({ name, ...summary }))
    const stages = [...(await this.#stages.read())].map(([name, summary]) => ({ name, ...summary }))
    const slates = stages.find(({ name }) => name === 'total')
    const { freshness } = operations
    const point: Point = {
      at,
      eventsPerSecond: consumed ? this.#rateOf(consumed.events) : null,
      lag: consumed?.lag ?? null,
      requestsPerSecond: routes.reduce((sum, { perSecond }) => sum + perSecond, 0),
      p50Ms: slates?.p50Ms ?? null,
      p99Ms: slates?.p99Ms ?? null,
      freshnessP50Ms: freshness?.recent.percentile(50) ?? null,
      freshnessP99Ms: freshness?.recent.percentile(99) ?? null,
    }
    this.#points.push(point)
    if (this.#points.length > POINTS_KEPT) this.#points.shift()
    this.#latest = {
      point,
      streamTime: now(),
      ready: recommender.ready(),
      inFlight: inFlight(),
      consumed: consumed ?? null,
      replay: operations.replay?.state() ?? null,
      routes,
      stages,
      swaps: operations.swaps,
    }
    for (const stream of this.#listeners) stream.send('figures', this.#latest)
    this.#sendQuality(at)
  }

  /** It is many lines that change little: not every second. */
  #sendQuality(at: number): void {
    const { prequential } = this.#options.operations
    if (!prequential || prequential.count === this.#quality?.count || at - this.#qualitySentAt < QUALITY_INTERVAL_MS)
      return
    this.#qualitySentAt = at
    this.#quality = { count: prequential.count, figures: prequential.figures() }
    for (const stream of this.#listeners) stream.send('quality', this.#quality.figures)
  }

  #rateOf(count: number): number {
    const at = performance.now()
    const before = this.#events
    this.#events = { count, at }
    return before ? ((count - before.count) * 1000) / Math.max(1, at - before.at) : 0
  }
}
