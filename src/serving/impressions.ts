import type { Broker, Message } from '../broker/broker.ts'
import { encode } from '../events/codec.ts'
import type { Impression } from '../events/types.ts'
import type { Slate } from './recommender.ts'

export interface ImpressionsOptions {
  readonly broker: Pick<Broker, 'produce'>
  /** Event time, ms. */
  readonly now: () => number
  /** Told how many slates reached the broker, or were given up. */
  readonly count: (outcome: 'sent' | 'dropped', slates: number) => void
  /** Of the slates, those that are logged with features: 0, the default, to 1. */
  readonly featureShare?: number
  /** Slates that may wait; beyond, they are dropped. Default 10,000. */
  readonly maxBuffered?: number
  /** Slates in one produce; as many waiting are sent at once. Default 500. */
  readonly maxBatch?: number
  /** The longest a slate waits while the broker keeps up. Default 50. */
  readonly flushIntervalMs?: number
}

/**
 * Writes the slates served to the topic `impressions`, behind the answers: at most once, in batches, one batch under
 * way at a time. It rather loses slates than memory or time: what the broker refuses or cannot keep up with is dropped
 * and counted.
 */
export class Impressions {
  readonly #options: Required<ImpressionsOptions>
  #waiting: Message[] = []
  #timer: NodeJS.Timeout | undefined
  #sending: Promise<void> | undefined

  constructor(options: ImpressionsOptions) {
    this.#options = { featureShare: 0, maxBuffered: 10_000, maxBatch: 500, flushIntervalMs: 50, ...options }
  }

  /** Draws whether the next slate is to be made with features. */
  get wantsFeatures(): boolean {
    return Math.random() < this.#options.featureShare
  }

  /** Returns at once. */
  record(slate: Slate): void {
    const { count, maxBatch, maxBuffered, flushIntervalMs, now } = this.#options
    if (this.#waiting.length >= maxBuffered) {
      count('dropped', 1)
      return
    }
    this.#waiting.push({ key: slate.userId, value: encode('impressions', impressionOf(slate, now())) })
    if (this.#waiting.length >= maxBatch) this.#send()
    else this.#timer ??= setTimeout(() => this.#send(), flushIntervalMs)
  }

  /** Resolves when everything recorded so far is sent or dropped. */
  async flush(): Promise<void> {
    while (this.#waiting.length > 0 || this.#sending) {
      this.#send()
      await this.#sending
    }
  }

  #send(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#sending || this.#waiting.length === 0) return
    const batch = this.#waiting.splice(0, this.#options.maxBatch)
    this.#sending = this.#produce(batch).then(() => {
      this.#sending = undefined
      if (this.#waiting.length > 0) this.#send()
    })
  }

  async #produce(batch: readonly Message[]): Promise<void> {
    try {
      await this.#options.broker.produce('impressions', batch)
      this.#options.count('sent', batch.length)
    } catch {
      this.#options.count('dropped', batch.length)
    }
  }
}

function impressionOf(slate: Slate, at: number): Impression {
  return {
    requestId: slate.requestId,
    userId: slate.userId,
    at,
    release: slate.release,
    items: slate.items.map(({ itemId, score, sources }) => ({
      itemId,
      score,
      sources: sources.map((source) => source.name),
    })),
    ...(slate.features && { features: slate.features }),
  }
}
