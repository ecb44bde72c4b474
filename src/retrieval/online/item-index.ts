/** Numbers the items this process has heard of, so that scores live in arrays. An index never changes or goes. */
export class ItemIndex {
  readonly #ids: string[] = []
  readonly #indexes = new Map<string, number>()

  get size(): number {
    return this.#ids.length
  }

  /** The index, given out now if the item is new. */
  index(itemId: string): number {
    const known = this.#indexes.get(itemId)
    if (known !== undefined) return known
    this.#indexes.set(itemId, this.#ids.length)
    return this.#ids.push(itemId) - 1
  }

  /** The index, or -1 for an item never heard of. */
  find(itemId: string): number {
    return this.#indexes.get(itemId) ?? -1
  }

  id(index: number): string {
    return this.#ids[index]!
  }
}
