import type { Freshness } from './freshness.ts'
import type { Prequential } from './prequential.ts'

/** What the consumers of this process have done, since it started. */
export interface ConsumedFigures {
  readonly events: number
  readonly refused: number
  readonly repeated: number
  /** Events produced and not folded yet, and those not in the event log yet. */
  readonly lag: number
  readonly logLag: number
}

export interface ReplayState {
  readonly dataset: string
  readonly position: number
  readonly total: number
  readonly eventsPerSecond: number
  /** Event time of the last event, ms. */
  readonly streamAt: number | null
  /** Stream time per wall time; null for as fast as possible. */
  readonly speed: number | null
  readonly paused: boolean
  /** Whether it can be started over from here. */
  readonly startsOver: boolean
}

export interface ReplayChange {
  readonly paused?: boolean
  /** Stream time per wall time; null for as fast as possible. */
  readonly speed?: number | null
  /** From the first event, and without anything that came of the stream so far. */
  readonly startOver?: true
}

/** A release as operators look at it. */
export interface ReleaseView {
  readonly version: string
  /** Wall clock, ms. */
  readonly createdAt: number
  /** The latest event time it has seen, ms. */
  readonly watermark: number
  readonly outcome: 'published' | 'refused'
  readonly inService: boolean
  readonly models: readonly string[]
  readonly reasons: readonly string[]
  /** By model and measure. */
  readonly measures: Readonly<Record<string, number>>
}

export interface Swap {
  readonly version: string
  /** Wall clock, ms. */
  readonly at: number
  readonly loadingMs: number
}

/** What goes on beside serving, as far as this process knows: parts are attached by who starts them. */
export interface Operations {
  readonly freshness?: Freshness
  consumed?: () => ConsumedFigures
  /** Where events are predicted before they are folded. */
  prequential?: Prequential
  replay?: { state(): ReplayState | undefined; change(change: ReplayChange): void }
  releases?: () => Promise<readonly ReleaseView[]>
  /** Oldest first. */
  readonly swaps: Swap[]
}
