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
  #consumer: Consumer | undefined

  /** Resolves once everything that was in the topic at the call is here. */
  async follow(broker: Broker): Promise<void> {
    const bounds = await broker.bounds('items')
    const waiting = new Map(bounds.flatMap(({ begin, end }, partition) => (end > begin ? [[partition, end]] : [])))
    let resolveCaughtUp = () => {}
    const caughtUp = new Promise<void>((resolve) => {
      resolveCaughtUp = resolve
    })
    if (waiting.size === 0) resolveCaughtUp()
    this.#consumer = await broker.subscribe({
      group: null,
      topics: ['items'],
      assigned: async () => ({}),
      revoked: async () => {},
      handle: async (batch) => {
        for (const record of batch.records) {
          const decoded = decode('items', record.value)
          if (decoded.ok) this.put(decoded.event)
        }
        if (batch.next >= (waiting.get(batch.partition) ?? 0)) waiting.delete(batch.partition)
        if (waiting.size === 0) resolveCaughtUp()
      },
    })
    await Promise.race([caughtUp, this.#consumer.done])
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
