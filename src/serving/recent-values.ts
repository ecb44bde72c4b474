/** The last so many values that were measured. */
export class RecentValues {
  readonly #values: Float64Array
  #count = 0

  constructor(length: number) {
    this.#values = new Float64Array(length)
  }

  add(value: number): void {
    this.#values[this.#count++ % this.#values.length] = value
  }

  /** Ever added. */
  get count(): number {
    return this.#count
  }

  /** Null where nothing has been measured. */
  percentile(percent: number): number | null {
    const sorted = this.#values.slice(0, Math.min(this.#count, this.#values.length)).sort()
    return sorted[Math.min(sorted.length - 1, Math.floor((percent / 100) * sorted.length))] ?? null
  }
}
