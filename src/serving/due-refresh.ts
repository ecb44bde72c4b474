import type { OnlineState } from '../retrieval/online/online-state.ts'
import type { TopLists } from '../retrieval/online/top-lists.ts'

/** Statistics and lists are read again when they are older than this, and than 20 times what reading them took. */
const REFRESH_MS = 100
const REFRESH_SHARE = 20
const LISTS_REFRESH_MS = 1000

/** Reads item statistics and the lists made of them again, as often as they are needed and as reading them allows. */
export class DueRefresh {
  readonly #online: OnlineState
  readonly #lists: TopLists
  readonly #catalogue: { readonly size: number }
  #dueMs = 0
  #listsDueMs = 0
  #first: Promise<void> | undefined

  constructor(online: OnlineState, lists: TopLists, catalogue: { readonly size: number }) {
    this.#online = online
    this.#lists = lists
    this.#catalogue = catalogue
  }

  /**
   * The first reading is waited for; later ones by the request that finds them due, while others go on.
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
    if (performance.now() < this.#dueMs) return this.#first
    this.#dueMs = Number.POSITIVE_INFINITY
    const reading = this.#read().catch(() => {
      degraded.push('item-statistics')
    })
    this.#first ??= reading
    await reading
  }

  async #read(): Promise<void> {
    const start = performance.now()
    try {
      await this.#online.refresh()
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
