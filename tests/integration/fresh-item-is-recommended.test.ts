import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { encode } from '../../src/events/codec.ts'
import type { Item } from '../../src/events/types.ts'
import type { ModelName, TrainedModel } from '../../src/models/model-trainer.ts'
import type { ItemNeighbours, Slate } from '../../src/serving/recommender.ts'
import { topicalItem, topicalModel, topicalSet, topicOf } from '../fakes/fake-models.ts'
import { openServed, type Served } from '../served.ts'

const { itemIds, items, userIds, item, starts, at } = topicalSet()
/** Of the user who stays with topic 3. */
const TOPIC = 3

let served: Served

beforeAll(async () => {
  served = await openServed()
  const { broker, write, promote, caughtUp } = served
  await broker.produce(
    'items',
    items.map((one) => ({ key: one!.itemId, value: encode('items', one!) })),
  )
  const events = userIds.flatMap((userId, user) =>
    [...item.subarray(starts[user], starts[user + 1])].map((index, i) => {
      const eventId = `${userId}-${i}`
      return { eventId, userId, itemId: itemIds[index]!, kind: 'watched' as const, at: at[starts[user]! + i]! }
    }),
  )
  await broker.produce(
    'ratings',
    events.map((event) => ({ key: event.userId, value: encode('ratings', event) })),
  )
  await caughtUp()
  await write('v1', new Map<ModelName, TrainedModel>([['two-tower', topicalModel(itemIds.length)]]), itemIds)
  await promote('v1')
})
afterAll(() => served?.close())

const put = async ({ itemId, ...body }: Item) => {
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(`${served.address}/items/${itemId}`, {
    method: 'PUT',
    headers,
    body: JSON.stringify(body),
  })
  expect(answer.status).toBe(202)
}
const slateOf = (user: string) => served.get<Slate>(`/recommend?user=${user}&k=20`)
const userOf = (topic: number) => userIds[topic]!

describe('an item that PUT /items has brought after the release was trained', () => {
  it('is recommended before anyone has met it, to those whose taste it is, as fresh', async () => {
    expect(topicOf(item[starts[TOPIC]!]!)).toBe(TOPIC)
    await put(topicalItem('brand-new', TOPIC))
    await vi.waitFor(
      async () => {
        const { items } = await slateOf(userOf(TOPIC))
        expect(items.find(({ itemId }) => itemId === 'brand-new')).toMatchObject({
          section: 'Fresh',
          sources: expect.arrayContaining([expect.objectContaining({ name: 'fresh' })]),
        })
      },
      { timeout: 5000, interval: 5 },
    )
  })

  it('is found by the two-tower index, too, among the items of its kind', async () => {
    await vi.waitFor(async () => {
      const { items } = await slateOf(userOf(TOPIC))
      const names = items.find(({ itemId }) => itemId === 'brand-new')!.sources.map(({ name }) => name)
      expect(names).toContain('two-tower')
    })
  })

  it('lies among the items of its kind in the space of the model, and they beside each other', async () => {
    for (const [itemId, topic] of [['brand-new', TOPIC] as const, ['i5', topicOf(5)] as const]) {
      const { release, spaces } = await served.get<ItemNeighbours>(`/neighbours/${itemId}?k=5`)
      expect(release).toBe('v1')
      expect(spaces.map(({ name }) => name)).toEqual(['co-visitation', 'two-tower'])
      const { neighbours } = spaces[1]!
      expect(neighbours).toHaveLength(5)
      expect(neighbours.map((one) => one.itemId)).not.toContain(itemId)
      const topics = neighbours.map((one) =>
        one.itemId === 'brand-new' ? TOPIC : topicOf(Number(one.itemId.slice(1))),
      )
      // Of eight topics, and with noise in the vectors: most of its neighbours, where chance has one in eight.
      expect(topics.filter((other) => other === topic).length).toBeGreaterThanOrEqual(3)
      const cosines = neighbours.map(({ score }) => score)
      expect(cosines).toEqual(cosines.toSorted((a, b) => b - a))
    }
  })

  it('goes behind a newer one that is closer', async () => {
    await put(topicalItem('for-others', (TOPIC + 1) % 8))
    await vi.waitFor(async () => {
      const other = await slateOf(userOf(TOPIC + 1))
      expect(other.items.find(({ section }) => section === 'Fresh')!.itemId).toBe('for-others')
    })
    const mine = await slateOf(userOf(TOPIC))
    expect(mine.items.find(({ section }) => section === 'Fresh')!.itemId).toBe('brand-new')
  })

  it('is not shown once it is unavailable', async () => {
    await put({ ...topicalItem('brand-new', TOPIC), available: false })
    await vi.waitFor(async () => {
      const { items } = await slateOf(userOf(TOPIC))
      expect(items.map(({ itemId }) => itemId)).not.toContain('brand-new')
    })
  })

  it('is in the release that comes next, whose vocabulary lacks it as well', async () => {
    await put(topicalItem('newest', TOPIC))
    await vi.waitFor(() => expect(served.catalogue.get('newest')).toBeDefined())
    await served.write('v2', new Map<ModelName, TrainedModel>([['two-tower', topicalModel(itemIds.length)]]), itemIds)
    await served.promote('v2')
    const { items, release } = await slateOf(userOf(TOPIC))
    expect(release).toBe('v2')
    expect(items.map(({ itemId }) => itemId)).toContain('newest')
  })
})
