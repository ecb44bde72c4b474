import { RecentValues } from './recent-values.ts'

/** An event that the broker has: its position, and when it was accepted, by the wall clock in ms. */
export interface Accepted {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly at: number
}

export interface FreshnessOptions {
  /** Offsets to fold next, per topic, as they are committed. */
  readonly offsets: (partition: number) => Promise<Readonly<Record<string, number>>>
  /** How often the state is asked while an event is awaited. Default 2. */
  readonly intervalMs?: number
}

/** Of the last minute: what came while a history was loaded says nothing of now. */
const WINDOW_MS = 60_000
const SAMPLES_KEPT = 500
/** Events awaited at once; beyond, samples are left out. */
const MAX_AWAITED = 32
/** An event that is not folded by then counts as that late. */
const GIVE_UP_MS = 60_000

/** Measures, on a sample, the time from an event accepted by the broker to the state that knows of it. */
export class Freshness {
  readonly recent = new RecentValues(SAMPLES_KEPT, WINDOW_MS)
  readonly #options: Required<FreshnessOptions>
  #awaited: Accepted[] = []
  #timer: NodeJS.Timeout | undefined

  constructor(options: FreshnessOptions) {
    this.#options = { intervalMs: 2, ...options }
  }

  accepted(event: Accepted): void {
    if (this.#awaited.length >= MAX_AWAITED) return
    this.#awaited.push(event)
    this.#timer ??= setTimeout(this.#look, 0)
  }

  readonly #look = async () => {
    try {
      const partitions = new Set(this.#awaited.map(({ partition }) => partition))
      for (const partition of partitions) {
        const offsets = await this.#options.offsets(partition)
        const now = wallClockMs()
        this.#awaited = this.#awaited.filter((event) => {
          const ageMs = now - event.at
          const folded = event.partition === partition && (offsets[event.topic] ?? 0) > event.offset
          if (folded || ageMs > GIVE_UP_MS) this.recent.add(ageMs)
          return !folded && ageMs <= GIVE_UP_MS
        })
      }
    } catch {
      // Asked again: what cannot be read now is not fresh either.
    }
    this.#timer = this.#awaited.length > 0 ? setTimeout(this.#look, this.#options.intervalMs) : undefined
    this.#timer?.unref()
  }
}

/** Wall clock in ms, to the microsecond, the same for all threads of a process. */
export function wallClockMs(): number {
  return performance.timeOrigin + performance.now()
}
