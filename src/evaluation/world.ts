import type { Events } from './events.ts'

/** What has been learned so far, exactly, whatever the systems keep of it. */
export class World {
  readonly #events: Events
  readonly #catalogue: Int32Array
  readonly #onlyMet: boolean
  readonly #competing: Int32Array
  /** By item: the last query that marked it as seen. */
  readonly #seenBy: Int32Array
  #query = 0
  /** Item indexes by user, oldest first. */
  readonly histories: number[][]
  /** By item. */
  readonly visits: Uint32Array
  /** Event time of the user's first event, ms; NaN before. */
  readonly firstAt: Float64Array
  /** Users met so far. */
  users = 0

  constructor(events: Events, catalogue: Int32Array, onlyMet: boolean) {
    this.#events = events
    this.#catalogue = catalogue
    this.#onlyMet = onlyMet
    this.#competing = new Int32Array(catalogue.length)
    this.#seenBy = new Int32Array(events.itemIds.length)
    this.histories = events.userIds.map(() => [])
    this.visits = new Uint32Array(events.itemIds.length)
    this.firstAt = new Float64Array(events.userIds.length).fill(Number.NaN)
  }

  learn(sequence: number): void {
    const user = this.#events.user[sequence]!
    const item = this.#events.item[sequence]!
    const history = this.histories[user]!
    if (history.length === 0) {
      this.users++
      this.firstAt[user] = this.#events.at[sequence]!
    }
    history.push(item)
    this.visits[item]!++
  }

  /** The catalogue but for what the user has met, in the order of the data; valid until the next call. */
  unseen(user: number): Int32Array {
    this.#query++
    for (const item of this.histories[user]!) this.#seenBy[item] = this.#query
    let count = 0
    for (let i = 0; i < this.#catalogue.length; i++) {
      const item = this.#catalogue[i]!
      if (this.#seenBy[item] === this.#query || (this.#onlyMet && this.visits[item] === 0)) continue
      this.#competing[count++] = item
    }
    return this.#competing.subarray(0, count)
  }

  /** Whether the user of the last call of `unseen` has met the item. */
  isSeen(item: number): boolean {
    return this.#seenBy[item] === this.#query
  }
}
