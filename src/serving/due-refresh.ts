import type { OnlineState } from '../retrieval/online/online-state.ts'
import type { TopLists } from '../retrieval/online/top-lists.ts'

/** Statistics and lists are read again when they are older than this, and than 20 times what reading them took. */
const REFRESH_MS = 100
const REFRESH_SHARE = 20
const LISTS_REFRESH_MS = 1000
/** A reading so old is not gone on with while the next one is made. */
const TOO_OLD_MS = 1000

/** Reads item statistics and the lists made of them again, as often as they are needed and as reading them allows. */
export class DueRefresh {
  readonly #online: OnlineState
  readonly #lists: TopLists
  readonly #catalogue: { readonly size: number }
  #dueMs = 0
  #readMs = Number.NEGATIVE_INFINITY
  #listsDueMs = 0
  #first: Promise<void> | undefined

  constructor(online: OnlineState, lists: TopLists, catalogue: { readonly size: number }) {
    this.#online = online
    this.#lists = lists
    this.#catalogue = catalogue
  }

  /**
   * The first reading is waited for, and later ones by the request that finds the last one too old; any other goes on
   * with what there is, and the next reading is made behind its answer.
   * @param degraded told of what could not be read
   */
  async ifDue(degraded: string[]): Promise<void> {
    await this.#readIfDue(degraded)
    // Made before the catalogue had come: nobody is to see an empty page until they are due again.
    if (this.#lists.popular.length === 0 && this.#catalogue.size > 0) this.#lists.refresh(this.#online.table)
  }

  /** Due or not. */
  async now(): Promise<void> {
    this.#listsDueMs = 0
    await this.#read()
  }

  async #readIfDue(degraded: string[]): Promise<void> {
    const now = performance.now()
    if (now < this.#dueMs) return this.#first
    this.#dueMs = Number.POSITIVE_INFINITY
    if (now < this.#readMs + TOO_OLD_MS) {
      // Reading is work of the same thread. Who asks next after a failure waits, and is told.
      setImmediate(() => this.#read().catch(() => {}))
      return
    }
    const reading = this.#read().catch(() => {
      degraded.push('item-statistics')
    })
    this.#first ??= reading
    await reading
  }

  async #read(): Promise<void> {
    const start = performance.now()
    try {
      this.#readMs = Number.NEGATIVE_INFINITY
      await this.#online.refresh()
      this.#readMs = start
    } finally {
      // Also where the statistics cannot be read: the catalogue alone makes a page.
      if (start >= this.#listsDueMs) {
        this.#lists.refresh(this.#online.table)
        this.#listsDueMs = start + LISTS_REFRESH_MS
      }
      const now = performance.now()
      this.#dueMs = now + Math.max(REFRESH_MS, REFRESH_SHARE * (now - start))
    }
  }
}
