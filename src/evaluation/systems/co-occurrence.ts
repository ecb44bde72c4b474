import type { Events } from '../events.ts'

/** How many users have met both of two items, counted as events come: the Gram matrix of the users' item sets. */
export class CoOccurrence {
  readonly #events: Events
  readonly items: number
  /** Row-major; a pair is counted on the row of the item met later. */
  readonly #pairs: Float32Array
  /** Users who have met the item. */
  readonly visits: Float64Array
  readonly #histories: number[][]

  constructor(events: Events) {
    this.#events = events
    this.items = events.itemIds.length
    this.#pairs = new Float32Array(this.items ** 2)
    this.visits = new Float64Array(this.items)
    this.#histories = events.userIds.map(() => [])
  }

  learn(sequence: number): void {
    const item = this.#events.item[sequence]!
    const history = this.#histories[this.#events.user[sequence]!]!
    if (history.includes(item)) return
    const row = item * this.items
    for (let i = 0; i < history.length; i++) this.#pairs[row + history[i]!]!++
    this.visits[item]!++
    history.push(item)
  }

  /** Users who have met both of two different items. */
  both(a: number, b: number): number {
    return this.#pairs[a * this.items + b]! + this.#pairs[b * this.items + a]!
  }
}
