/** How many users have met both of two items, counted as events come: the Gram matrix of the users' item sets. */
export class CoOccurrence {
  readonly items: number
  /** Row-major; a pair is counted on the row of the item met later. */
  readonly #pairs: Float32Array
  /** Users who have met the item. */
  readonly visits: Float64Array
  readonly #histories: number[][]

  constructor(users: number, items: number) {
    this.items = items
    this.#pairs = new Float32Array(this.items ** 2)
    this.visits = new Float64Array(this.items)
    this.#histories = Array.from({ length: users }, () => [])
  }

  learn(user: number, item: number): void {
    const history = this.#histories[user]!
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
