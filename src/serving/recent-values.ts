/** The last so many values that were measured, as far as they are not too old. */
export class RecentValues {
  readonly #values: Float64Array
  /** When each was added, by performance.now(). */
  readonly #addedAt: Float64Array
  readonly #maxAgeMs: number
  #count = 0

  constructor(length: number, maxAgeMs = Number.POSITIVE_INFINITY) {
    this.#values = new Float64Array(length)
    this.#addedAt = new Float64Array(length)
    this.#maxAgeMs = maxAgeMs
  }

  add(value: number, now = performance.now()): void {
    const at = this.#count++ % this.#values.length
    this.#values[at] = value
    this.#addedAt[at] = now
  }

  /** Ever added. */
  get count(): number {
    return this.#count
  }

  /** Null where nothing has been measured lately. */
  percentile(percent: number, now = performance.now()): number | null {
    const kept = Math.min(this.#count, this.#values.length)
    const recent = this.#values.subarray(0, kept).filter((_, at) => now - this.#addedAt[at]! <= this.#maxAgeMs)
    const sorted = recent.sort()
    return sorted[Math.min(sorted.length - 1, Math.floor((percent / 100) * sorted.length))] ?? null
  }
}
