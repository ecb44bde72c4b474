import type { Broker } from '../broker/broker.ts'
import type { TributaryError } from '../errors.ts'
import type { CatalogueOutcome } from './catalogue.ts'
import type { Dataset } from './datasets/dataset.ts'
import type { ReplayProgress } from './progress.ts'

export interface ReplayOptions {
  readonly broker: Pick<Broker, 'partitions' | 'produce' | 'read' | 'bounds'>
  readonly dataset: Dataset
  /** May be changed while the replay runs. Default: as fast as possible. */
  readonly control?: ReplayControl
  /** Event time in ms: from this one on, and before this one. */
  readonly from?: number
  readonly until?: number
  /** Sequence number: before this one. */
  readonly untilSequence?: number
  /** At most so many interactions, not counting what was in the log at the start. */
  readonly limit?: number
  /** Starts over, as a new run with event ids of its own, rather than going on where the log ends. */
  readonly again?: boolean
  /** Wall time that a quiet stretch lasts at most, ms; event times stay as they are. Default: as long as it lasts. */
  readonly maxGapMs?: number
  /** Most messages of one `produce`. Default 4,000. */
  readonly batchSize?: number
  /** Stops after what is already on its way. */
  readonly signal?: AbortSignal
  /** About twice a second, and at the end. */
  readonly onProgress?: (progress: ReplayProgress) => void
  /** The broker is away: the replay tries again in so many ms, forever. */
  readonly onRetry?: (error: TributaryError, waitMs: number) => void
  /** Events produced and not handled yet, where the caller can tell. */
  readonly lag?: () => number
  readonly clock?: ReplayClock
}

export interface ReplayControl {
  /** Stream time per wall time; Infinity for as fast as possible. */
  speed: number
  paused: boolean
}

export interface ReplayClock {
  /** ms, from any origin, never backwards. */
  now(): number
  /** Resolves early when the signal is aborted. */
  sleep(ms: number, signal: AbortSignal | undefined): Promise<void>
}

export interface ReplayOutcome {
  /** The stream came to its end; `until`, `untilSequence` or `limit` was reached; or the signal was aborted. */
  readonly end: 'complete' | 'limit' | 'stopped'
  /** Interactions produced. */
  readonly produced: number
  /** Sequence number after the last one produced or found in the log. */
  readonly position: number
  readonly catalogue: CatalogueOutcome
  /** 1 for the first replay of the data set, one more for each `again`. */
  readonly run: number
}
