import type { Broker, Consumer } from '../broker/broker.ts'
import { decode } from '../events/codec.ts'
import type { Item } from '../events/types.ts'

/**
 * The items as the compacted topic `items` has them, whole and in memory: every process that needs the catalogue
 * follows the topic from its beginning.
 */
export class Catalogue {
  readonly #items = new Map<string, Item>()
  readonly #onChange: ((item: Item) => void)[] = []
  readonly #next: number[] = []
  /** Told at every batch of the topic. */
  #progress = Promise.withResolvers<void>()
  #broker: Broker | undefined
  #consumer: Consumer | undefined

  /** Resolves once everything that was in the topic at the call is here. May be called again after a failure. */
  async follow(broker: Broker): Promise<void> {
    this.#broker = broker
    this.#consumer ??= await broker.subscribe({
      group: null,
      topics: ['items'],
      assigned: async () => ({}),
      revoked: async () => {},
      handle: async (batch) => {
        for (const record of batch.records) {
          const decoded = decode('items', record.value)
          if (decoded.ok) this.put(decoded.event)
        }
        this.#next[batch.partition] = batch.next
        this.#progress.resolve()
        this.#progress = Promise.withResolvers()
      },
    })
    await this.#caughtUp(broker, this.#consumer)
  }

  /**
   * Resolves when all that the topic has of these items by now is here. So an item that was produced before an event
   * about it is known when the event is folded, whichever of the two topics happens to be read faster.
   */
  async settle(itemIds: Iterable<string>): Promise<void> {
    if (!this.#broker || !this.#consumer) return
    for (const itemId of itemIds) {
      if (!this.#items.has(itemId)) return this.#caughtUp(this.#broker, this.#consumer)
    }
  }

  async #caughtUp(broker: Broker, consumer: Consumer): Promise<void> {
    const bounds = await broker.bounds('items')
    const isBehind = () => bounds.some(({ begin, end }, partition) => end > (this.#next[partition] ?? begin))
    let ended = false
    const end = consumer.done.then(() => {
      ended = true
    })
    while (isBehind() && !ended) await Promise.race([this.#progress.promise, end])
  }

  put(item: Item): void {
    this.#items.set(item.itemId, item)
    for (const listener of this.#onChange) listener(item)
  }

  get(itemId: string): Item | undefined {
    return this.#items.get(itemId)
  }

  get size(): number {
    return this.#items.size
  }

  values(): IterableIterator<Item> {
    return this.#items.values()
  }

  /** Called for every upsert from now on. */
  onChange(listener: (item: Item) => void): void {
    this.#onChange.push(listener)
  }

  async stop(): Promise<void> {
    await this.#consumer?.stop()
  }
}
