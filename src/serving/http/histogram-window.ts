import type { Histogram } from 'prom-client'

export interface Summary {
  readonly perSecond: number
  readonly p50Ms: number | null
  readonly p99Ms: number | null
}

interface Reading {
  readonly at: number
  /** By label: cumulative counts by upper bound in seconds, ascending. */
  readonly buckets: ReadonlyMap<string, ReadonlyMap<number, number>>
}

/** What a histogram says of the last seconds, where it itself counts from the start. */
export class HistogramWindow {
  readonly #histogram: Histogram
  readonly #label: string
  readonly #length: number
  readonly #readings: Reading[] = []

  /** @param length readings that the window spans */
  constructor(histogram: Histogram, label: string, length: number) {
    this.#histogram = histogram
    this.#label = label
    this.#length = length
  }

  /** Reads, and sums up what has come since the oldest reading of the window, by label. */
  async read(now = performance.now()): Promise<Map<string, Summary>> {
    const latest = { at: now, buckets: await this.#buckets() }
    this.#readings.push(latest)
    if (this.#readings.length > this.#length) this.#readings.shift()
    const oldest = this.#readings[0]!
    const seconds = Math.max(1e-3, (latest.at - oldest.at) / 1000)
    const summaries = new Map<string, Summary>()
    for (const [label, counts] of latest.buckets) {
      const before = oldest.buckets.get(label)
      const fresh = [...counts].map(([bound, count]) => [bound, count - (before?.get(bound) ?? 0)] as const)
      const total = fresh.at(-1)![1]
      const [p50Ms, p99Ms] = [quantileMs(fresh, 0.5), quantileMs(fresh, 0.99)]
      if (total > 0) summaries.set(label, { perSecond: total / seconds, p50Ms, p99Ms })
    }
    return summaries
  }

  async #buckets(): Promise<Map<string, Map<number, number>>> {
    const buckets = new Map<string, Map<number, number>>()
    for (const { labels, value, metricName } of (await this.#histogram.get()).values) {
      if (!metricName?.endsWith('_bucket')) continue
      const { le, ...others } = labels as Record<string, string | number>
      const label = String(others[this.#label])
      const counts = buckets.get(label) ?? new Map<number, number>()
      const bound = le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le)
      counts.set(bound, (counts.get(bound) ?? 0) + value)
      buckets.set(label, counts)
    }
    return buckets
  }
}

/** Interpolated within the bucket it falls into; of the last one, which has no end, its beginning. */
function quantileMs(counts: readonly (readonly [bound: number, count: number])[], share: number): number | null {
  const wanted = share * counts.at(-1)![1]
  let [low, below] = [0, 0]
  for (const [bound, count] of counts) {
    if (count >= wanted && count > below) {
      if (bound === Number.POSITIVE_INFINITY) return low * 1000
      return (low + ((wanted - below) / (count - below)) * (bound - low)) * 1000
    }
    ;[low, below] = [bound, count]
  }
  return null
}
