import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { readProfiles } from '../../src/bin/roles/read-set.ts'
import { encode } from '../../src/events/codec.ts'
import type { User } from '../../src/events/types.ts'
import type { Slate } from '../../src/serving/recommender.ts'
import { topicalModel, topicalSet, topicOf } from '../fakes/fake-models.ts'
import { openServed, type Served } from '../served.ts'

const { itemIds, items } = topicalSet()
const TOPIC = 3
let served: Served

beforeAll(async () => {
  served = await openServed()
  await served.broker.produce(
    'items',
    items.map((one) => ({ key: one!.itemId, value: encode('items', one!) })),
  )
  await served.write('v1', new Map([['two-tower', topicalModel(itemIds.length)]]), itemIds)
  await served.promote('v1')
})
afterAll(() => served?.close())

const put = (user: User) => served.broker.produce('users', [{ key: user.userId, value: encode('users', user) }])
/** Of what the model has proposed: the rest of a slate is popular. */
const topicsOf = async (userId: string) => {
  const { items } = await served.get<Slate>(`/recommend?user=${userId}&k=5`)
  const proposed = items.filter(({ sources }) => sources.some(({ name }) => name === 'two-tower'))
  return proposed.map(({ itemId }) => topicOf(Number(itemId.slice(1))))
}

it('who has a profile and no history is recommended to by the profile, and by the next one', async () => {
  expect(await topicsOf('newcomer')).toEqual([])
  for (const topic of [TOPIC, TOPIC + 1]) {
    await put({ userId: 'newcomer', attributes: { topic: `${topic}` } })
    await vi.waitFor(async () => expect(await topicsOf('newcomer')).toEqual(Array(5).fill(topic)), {
      timeout: 5000,
      interval: 5,
    })
  }
  expect((await readProfiles(served.broker)).get('newcomer')!.attributes).toEqual({ topic: `${TOPIC + 1}` })
})

it('nothing is known any more of who is forgotten, neither when serving nor when training', async () => {
  const answer = await fetch(`${served.address}/users/newcomer`, { method: 'DELETE' })
  expect(answer.status).toBe(202)
  await vi.waitFor(async () => expect(await topicsOf('newcomer')).toEqual([]), { timeout: 5000, interval: 5 })
  expect(await readProfiles(served.broker)).toEqual(new Map())
})
