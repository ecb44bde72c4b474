import { setImmediate as breathe } from 'node:timers/promises'
import { TributaryError } from '../errors.ts'
import { partitionFor } from '../events/topics.ts'
import type { InteractionChunk } from './datasets/dataset.ts'
import { InteractionEncoder } from './interaction-encoder.ts'
import { changeSpeed, dueAt, dueUntil, type Pace, shortenGap } from './pacing.ts'
import { rateMeter } from './progress.ts'
import type { ReplayClock, ReplayControl, ReplayOptions, ReplayOutcome } from './replay-options.ts'
import type { ResumePoint } from './resume-point.ts'

const BATCH_SIZE = 4000
const PROGRESS_INTERVAL_MS = 500
/** A change of the control is noticed after so long. */
const MAX_SLEEP_MS = 100

type Ended = Pick<ReplayOutcome, 'end' | 'produced' | 'position'>

/** One way through the stream, from a resume point to the end, the stop or the first refusal of the broker. */
export class ReplayPass {
  readonly #options: ReplayOptions & { readonly clock: ReplayClock }
  readonly #control: ReplayControl
  readonly #encoder: InteractionEncoder
  /** In the log when the replay began, and by now: after a refusal there may be more. */
  readonly #start: ResumePoint
  readonly #reached: ResumePoint
  readonly #partitionOfUser: Int32Array
  readonly #rate: (count: number, nowMs: number) => number
  #pace: Pace | undefined
  #wasPaused = false
  /** Event time up to which events may go without a look at the clock. */
  #dueUntil = Number.NEGATIVE_INFINITY
  #inFlight: Promise<unknown> = Promise.resolve()
  #produced = 0
  #position: number
  #streamAt: number | undefined
  #reportedMs: number

  constructor(options: ReplayOptions & { readonly clock: ReplayClock }, start: ResumePoint, reached: ResumePoint) {
    this.#options = options
    this.#control = options.control ?? { speed: Number.POSITIVE_INFINITY, paused: false }
    this.#encoder = new InteractionEncoder(options.dataset, start.run)
    this.#start = start
    this.#reached = reached
    this.#partitionOfUser = new Int32Array(options.dataset.userIds.length).fill(-1)
    this.#position = Math.max(...start.sequences) + 1
    this.#reportedMs = options.clock.now()
    this.#rate = rateMeter(this.#reportedMs)
  }

  async run(): Promise<Ended> {
    const end = await this.#walk()
    await this.#flush()
    await this.#inFlight
    this.#report(this.#options.clock.now())
    return { end, produced: this.#produced, position: this.#position }
  }

  async #walk(): Promise<Ended['end']> {
    const { dataset, signal, batchSize = BATCH_SIZE } = this.#options
    const { from = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY } = this.#options
    const { untilSequence = dataset.size, limit = Number.POSITIVE_INFINITY } = this.#options
    for (const chunk of dataset.chunks(Math.min(...this.#start.sequences) + 1)) {
      for (let row = 0; row < chunk.at.length; row++) {
        const at = chunk.at[row]!
        const sequence = chunk.sequence + row
        if (this.#produced >= limit || at >= until || sequence >= untilSequence) return 'limit'
        const partition = this.#partitionOf(chunk.user[row]!)
        if (sequence <= this.#start.sequences[partition]!) {
          this.#checkSame(chunk, row, partition)
          continue
        }
        if (at < from) continue
        if (sequence > this.#reached.sequences[partition]!) {
          if (at > this.#dueUntil && !(await this.#waitFor(at))) return 'stopped'
          this.#encoder.add(chunk, row)
        }
        this.#produced++
        this.#position = Math.max(this.#position, sequence + 1)
        this.#streamAt = at
        if (this.#encoder.size >= batchSize) await this.#flush()
      }
      await breathe()
      if (signal?.aborted) return 'stopped'
    }
    return 'complete'
  }

  #partitionOf(user: number): number {
    const known = this.#partitionOfUser[user]!
    if (known >= 0) return known
    const { dataset, broker } = this.#options
    const partition = partitionFor(dataset.userIds[user]!, broker.partitions)
    this.#partitionOfUser[user] = partition
    return partition
  }

  /** The event that ends a partition's log must be the one that the data set has at that place. */
  #checkSame(chunk: InteractionChunk, row: number, partition: number): void {
    const record = this.#start.records[partition]
    if (!record || chunk.sequence + row !== this.#start.sequences[partition]) return
    const { dataset } = this.#options
    const logged = JSON.parse(Buffer.from(record.value).toString())
    const userId = dataset.userIds[chunk.user[row]!]
    const itemId = dataset.itemIds[chunk.item[row]!]
    if (logged.userId === userId && logged.itemId === itemId && logged.at === chunk.at[row]) return
    throw new TributaryError(
      'BAD_INPUT',
      `${dataset.about}: event ${logged.eventId} in the log (user ${logged.userId}, item ${logged.itemId}, ` +
        `at ${logged.at}) is not the one of the data set (user ${userId}, item ${itemId}, at ${chunk.at[row]}): the data ` +
        'have changed since they were replayed. Give them another name, or replay them again from the start (--again).',
      { topic: 'ratings', partition, offset: record.offset },
    )
  }

  /** Sends what is due and waits until the event at `at` is; false when the replay is to stop. */
  async #waitFor(at: number): Promise<boolean> {
    const { clock, signal, maxGapMs = Number.POSITIVE_INFINITY } = this.#options
    while (!signal?.aborted) {
      const now = clock.now()
      this.#pace = this.#followControl(at, now)
      if (!this.#control.paused) this.#pace = shortenGap(this.#pace, at, now, maxGapMs)
      this.#dueUntil = this.#control.paused ? Number.NEGATIVE_INFINITY : dueUntil(this.#pace, now)
      if (at <= this.#dueUntil) return true
      this.#reportNowAndThen(now)
      if (this.#encoder.size > 0) {
        await this.#flush()
        await this.#inFlight
      } else {
        const dueInMs = this.#control.paused ? MAX_SLEEP_MS : dueAt(this.#pace, at) - now
        await clock.sleep(Math.min(Math.max(dueInMs, 1), MAX_SLEEP_MS), signal)
      }
    }
    return false
  }

  #followControl(at: number, now: number): Pace {
    const { speed, paused } = this.#control
    const pace = this.#pace
    const wasPaused = this.#wasPaused
    this.#wasPaused = paused
    if (!pace) return { speed, streamAt: at, wallAt: now }
    if (wasPaused) return { speed, streamAt: pace.streamAt, wallAt: now }
    return paused || speed !== pace.speed ? changeSpeed(pace, speed, this.#streamAt ?? pace.streamAt, now) : pace
  }

  /**
   * One batch is on its way while the next is put together. Not more: a batch that arrived after one that was refused
   * would leave a hole that the log's end does not show.
   */
  async #flush(): Promise<void> {
    const { broker, clock, signal } = this.#options
    await this.#inFlight
    if (this.#encoder.size > 0) {
      this.#inFlight = broker.produce('ratings', this.#encoder.take())
      // the refusal is met where the batch is awaited; until then it is not "unhandled"
      this.#inFlight.catch(() => {})
    }
    await breathe()
    this.#reportNowAndThen(clock.now())
    const { speed, paused } = this.#control
    if (signal?.aborted || paused || speed !== this.#pace?.speed) this.#dueUntil = Number.NEGATIVE_INFINITY
  }

  #reportNowAndThen(now: number): void {
    if (now - this.#reportedMs >= PROGRESS_INTERVAL_MS) this.#report(now)
  }

  #report(now: number): void {
    const { dataset, until, untilSequence = dataset.size, maxGapMs, onProgress, lag } = this.#options
    this.#reportedMs = now
    const eventsPerSecond = this.#rate(this.#produced, now)
    const { speed, paused } = this.#control
    const streamAt = this.#streamAt
    // An end that the log was past before is none.
    const total = untilSequence < this.#position ? dataset.size : Math.min(dataset.size, untilSequence)
    const isTimed = speed !== Number.POSITIVE_INFINITY && maxGapMs === undefined && total === dataset.size
    const endAt = Math.min(dataset.lastAt, until ?? dataset.lastAt)
    const byTime = streamAt === undefined ? undefined : Math.max(0, endAt - streamAt) / speed
    const byRate = eventsPerSecond > 0 ? (1000 * (total - this.#position)) / eventsPerSecond : undefined
    onProgress?.({
      dataset: dataset.name,
      produced: this.#produced,
      position: this.#position,
      total,
      eventsPerSecond,
      streamAt,
      speed,
      paused,
      lag: lag?.(),
      etaMs: paused ? undefined : isTimed ? byTime : byRate,
    })
  }
}
