import { setTimeout as delay } from 'node:timers/promises'
import { backOffMs } from '../broker/back-off.ts'
import type { EventLog } from './event-log.ts'
import { EventLogBatch, type EventLogRow } from './event-log-batch.ts'

export interface BatchedAppendOptions {
  /** A batch is appended when it has this many rows … Default 40,000, well below MAX_APPEND_ROWS. */
  readonly maxBatchRows?: number
  /** … or this many bytes of text … Default 8 MiB, a few thousand slates. */
  readonly maxBatchBytes?: number
  /** … or when its oldest row has waited this long. Default 1,000: ClickHouse likes few and large inserts. */
  readonly maxDelayMs?: number
}

/**
 * Gathers rows and appends them one batch after the other while the next one gathers; who adds to a full one waits. A
 * batch that fails retriably is appended again until it succeeds, and nothing passes it, so that each partition
 * reaches the log in the order in which it was added.
 */
export class BatchedAppend {
  /** Rejects with what no retry can help; never resolves. */
  readonly failed: Promise<never>
  /** In the log. */
  rows = 0
  /** How long the last batch took, its retries included. */
  lastAppendMs = 0
  readonly #log: Pick<EventLog, 'append'>
  readonly #maxBatchRows: number
  readonly #maxBatchBytes: number
  readonly #maxDelayMs: number
  readonly #failing = Promise.withResolvers<never>()
  readonly #lastAttempt = new AbortController()
  #failure: { readonly error: unknown } | undefined
  #gathering = new EventLogBatch()
  #spare = new EventLogBatch()
  /** Runs while rows wait for more to come. */
  #timer: NodeJS.Timeout | undefined
  /** They have waited long enough. */
  #overdue = false
  #appending: { readonly rows: number; readonly settled: Promise<void> } | undefined

  constructor(log: Pick<EventLog, 'append'>, options: BatchedAppendOptions = {}) {
    this.#log = log
    this.#maxBatchRows = options.maxBatchRows ?? 40_000
    this.#maxBatchBytes = options.maxBatchBytes ?? 8 * 1024 * 1024
    this.#maxDelayMs = options.maxDelayMs ?? 1_000
    this.failed = this.#failing.promise
  }

  /** Rows added and not in the log yet. */
  get pending(): number {
    return this.#gathering.rows + (this.#appending?.rows ?? 0)
  }

  /** Resolves when the rows have been taken, which is before they are in the log. */
  async add(rows: readonly EventLogRow[]): Promise<void> {
    while (this.#appending && this.#full) await this.#appending.settled
    this.#throwFailure()
    if (this.#failure || rows.length === 0) return
    for (const row of rows) this.#gathering.add(row)
    if (this.#full) this.#appendNext()
    else if (!this.#overdue) this.#timer ??= setTimeout(() => this.#becomeOverdue(), this.#maxDelayMs)
  }

  /** Resolves when all that has been added so far is in the log. */
  async flush(): Promise<void> {
    const target = this.rows + this.pending
    while (this.rows < target && !this.#failure) {
      this.#appendNext()
      await this.#appending?.settled
    }
    this.#throwFailure()
  }

  /** Does something to the log after all that has been added so far, and again until it succeeds. */
  async afterAll(work: () => Promise<void>): Promise<void> {
    await this.flush()
    await this.#untilDone(work)
  }

  /** From now on what fails is dropped, and all after it: it is still in the broker, and the log's offsets say so. */
  stopRetrying(): void {
    this.#lastAttempt.abort()
  }

  get #full(): boolean {
    return this.#gathering.rows >= this.#maxBatchRows || this.#gathering.bytes >= this.#maxBatchBytes
  }

  #becomeOverdue(): void {
    this.#timer = undefined
    this.#overdue = true
    this.#appendNext()
  }

  #appendNext(): void {
    if (this.#appending || this.#gathering.rows === 0) return
    const batch = this.#take()
    this.#appending = { rows: batch.rows, settled: this.#append(batch) }
  }

  #take(): EventLogBatch {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#overdue = false
    const batch = this.#gathering
    this.#gathering = this.#spare
    this.#spare = batch
    return batch
  }

  /** Never rejects. */
  async #append(batch: EventLogBatch): Promise<void> {
    const startedAt = performance.now()
    try {
      await this.#untilDone(() => this.#log.append(batch))
      this.rows += batch.rows
    } catch (error) {
      this.#failure = { error }
      this.#take().clear()
      if (!this.#lastAttempt.signal.aborted) this.#failing.reject(error)
    }
    batch.clear()
    this.lastAppendMs = performance.now() - startedAt
    this.#appending = undefined
    if (this.#full || this.#overdue) this.#appendNext()
  }

  async #untilDone(work: () => Promise<void>): Promise<void> {
    const { signal } = this.#lastAttempt
    for (let attempt = 0; ; attempt++) {
      try {
        return await work()
      } catch (error) {
        if (signal.aborted || (error as { retriable?: unknown }).retriable !== true) throw error
        await delay(backOffMs(attempt), undefined, { signal }).catch(() => {})
      }
    }
  }

  #throwFailure(): void {
    if (this.#failure && !this.#lastAttempt.signal.aborted) throw this.#failure.error
  }
}
