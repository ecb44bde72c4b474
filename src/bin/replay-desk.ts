import type { ReplayProgress } from '../producers/progress.ts'
import type { ReplayChange, ReplayState } from '../serving/operations.ts'

/** By then the thread has told what became of a change. */
const REPORTED_MS = 1500

/** The replay thread as operators see and steer it. */
export class ReplayDesk {
  /** Where it was last. */
  progress: ReplayProgress | undefined
  readonly #post: (message: object) => void
  /** Asked for, and perhaps not reported back yet. */
  #asked: { paused?: boolean; speed?: number } = {}
  #askedUntilMs = 0

  readonly #startOver: (() => void) | undefined

  /** @param startOver where that is possible: from the first event, as if nothing had happened */
  constructor(post: (message: object) => void, startOver?: () => void) {
    this.#post = post
    this.#startOver = startOver
  }

  state(): ReplayState | undefined {
    if (!this.progress) return undefined
    const { dataset, position, total, eventsPerSecond, streamAt = null } = this.progress
    const asked = performance.now() < this.#askedUntilMs ? this.#asked : {}
    const { paused, speed } = { ...this.progress, ...asked }
    const finite = Number.isFinite(speed) ? speed : null
    const startsOver = this.#startOver !== undefined
    return { dataset, position, total, eventsPerSecond, streamAt, speed: finite, paused, startsOver }
  }

  change({ paused, speed, startOver }: ReplayChange): void {
    if (startOver) {
      this.#startOver?.()
      return
    }
    const change = {
      ...(paused === undefined ? {} : { paused }),
      ...(speed === undefined ? {} : { speed: speed ?? Number.POSITIVE_INFINITY }),
    }
    this.#asked = performance.now() < this.#askedUntilMs ? { ...this.#asked, ...change } : change
    this.#askedUntilMs = performance.now() + REPORTED_MS
    this.#post({ type: 'control', change })
  }
}
