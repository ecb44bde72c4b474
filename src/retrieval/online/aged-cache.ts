/** What may be kept of what was read, and for how long. */
export interface CacheLimits {
  /** Of the values and what keeping them takes; 0 keeps nothing. */
  readonly maxBytes: number
  /** Age from which a value is read again; Infinity where whoever changes it says so instead. */
  readonly maxAgeMs: number
}

/** Of one entry beside its value, roughly. */
const ENTRY_BYTES = 200

interface Entry<V> {
  readonly value: V
  readonly bytes: number
  readonly at: number
}

/** Keeps values up to an age and a total of bytes; what was read first leaves first. */
export class AgedCache<V> {
  readonly #limits: CacheLimits
  /** In the order of reading. */
  readonly #entries = new Map<number, Entry<V>>()
  #bytes = 0

  constructor(limits: CacheLimits) {
    this.#limits = limits
  }

  get bytes(): number {
    return this.#bytes
  }

  /**
   * The value, where it is young enough.
   * @param now wall clock, ms
   */
  get(key: number, now: number): V | undefined {
    const entry = this.#entries.get(key)
    return entry && now - entry.at < this.#limits.maxAgeMs ? entry.value : undefined
  }

  /**
   * @param valueBytes of the value
   * @param now when it was read, at the latest
   */
  set(key: number, value: V, valueBytes: number, now: number): void {
    const bytes = valueBytes + ENTRY_BYTES
    if (bytes > this.#limits.maxBytes) return
    this.delete(key)
    this.#entries.set(key, { value, bytes, at: now })
    this.#bytes += bytes
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.#limits.maxBytes) break
      this.delete(oldest)
    }
  }

  delete(key: number): void {
    const entry = this.#entries.get(key)
    if (!entry) return
    this.#entries.delete(key)
    this.#bytes -= entry.bytes
  }

  clear(): void {
    this.#entries.clear()
    this.#bytes = 0
  }
}
