import { expect, it } from 'vitest'
import type { Bounds, Broker, Subscription } from '../../src/broker/broker.ts'
import { Catalogue } from '../../src/catalogue/catalogue.ts'
import { encode } from '../../src/events/codec.ts'

/** A topic `items` of one partition that is delivered when the test says so. */
class SlowTopic {
  readonly broker = {
    partitions: 1,
    bounds: async (): Promise<Bounds[]> => [{ begin: 0, end: this.#values.length }],
    subscribe: async (subscription: Subscription) => {
      this.#subscription = subscription
      return { lag: () => 0, done: this.#stopped.promise, stop: async () => this.#stopped.resolve() }
    },
  } as unknown as Broker
  readonly #values: Uint8Array[] = []
  readonly #stopped = Promise.withResolvers<void>()
  #delivered = 0
  #subscription: Subscription | undefined

  produce(itemId: string): void {
    this.#values.push(encode('items', { itemId, title: itemId } as never))
  }

  async deliver(): Promise<void> {
    const records = this.#values
      .slice(this.#delivered)
      .map((value, i) => ({ offset: this.#delivered + i, key: '', value }))
    this.#delivered = this.#values.length
    const [next, end] = [this.#delivered, this.#values.length]
    await this.#subscription!.handle({ topic: 'items', partition: 0, records, next, end })
  }
}

async function following(): Promise<{ topic: SlowTopic; catalogue: Catalogue }> {
  const [topic, catalogue] = [new SlowTopic(), new Catalogue()]
  await catalogue.follow(topic.broker)
  return { topic, catalogue }
}

const isSettled = (promise: Promise<unknown>) =>
  Promise.race([promise.then(() => true), new Promise((resolve) => setImmediate(() => resolve(false)))])

it('waits for an item that has been produced and not read yet', async () => {
  const { topic, catalogue } = await following()
  topic.produce('a')
  const settled = catalogue.settle(['a'])
  expect(await isSettled(settled)).toBe(false)
  await topic.deliver()
  await settled
  expect(catalogue.get('a')).toMatchObject({ itemId: 'a' })
})

it('does not wait for an item that is here, nor for one that was never produced', async () => {
  const { topic, catalogue } = await following()
  topic.produce('a')
  await topic.deliver()
  topic.produce('b')
  expect(await isSettled(catalogue.settle(['a']))).toBe(true)
  await topic.deliver()
  expect(await isSettled(catalogue.settle(['a', 'never']))).toBe(true)
})

it('does not wait for ever when it is stopped', async () => {
  const { topic, catalogue } = await following()
  topic.produce('a')
  const settled = catalogue.settle(['a'])
  await catalogue.stop()
  await settled
})
