import { expect, it } from 'vitest'
import { readProfiles } from '../../src/bin/roles/read-set.ts'
import { usableOrNot } from '../../src/bin/roles/train.ts'
import { encode } from '../../src/events/codec.ts'
import type { User } from '../../src/events/types.ts'
import type { ModelName } from '../../src/models/model-name.ts'
import type { Tensors } from '../../src/models/tensors.ts'
import type { LoadedRelease } from '../../src/releases/load-release.ts'
import { ExactVectorIndex } from '../../src/vector-index/exact-vector-index.ts'
import { FakeBroker } from '../fakes/fake-broker.ts'

function releaseOf(models: ReadonlyMap<ModelName, Tensors>): LoadedRelease {
  const indexes = new Map([['two-tower' as const, new ExactVectorIndex(2)]])
  return { version: 'before', watermark: 0, itemIds: ['a', 'b'], models, indexes } as unknown as LoadedRelease
}

const OF_OTHER_CODE: Tensors = new Map([['items', { shape: [2, 2], data: Float32Array.of(1, 0, 0, 1) }]])

it('goes on from the release in service', async () => {
  const release = { ...releaseOf(new Map()), indexes: new Map() }
  const messages: string[] = []
  expect(
    await usableOrNot(
      async () => release,
      (text) => messages.push(text),
    ),
  ).toBe(release)
  expect(messages).toEqual([])
})

it('begins anew, and says so, where the release in service was trained by other code or cannot be read', async () => {
  const messages: string[] = []
  const tell = (text: string) => messages.push(text)
  expect(await usableOrNot(async () => releaseOf(new Map([['two-tower', OF_OTHER_CODE]])), tell)).toBeUndefined()
  expect(await usableOrNot(() => Promise.reject(new Error('no such folder')), tell)).toBeUndefined()
  expect(messages).toEqual([
    expect.stringMatching(/begins anew: a model has no tensor .+: it was trained by other code/),
    'The release in service is left aside, and training begins anew: no such folder',
  ])
})

it('reads the latest profile of each user, and none of who is forgotten', async () => {
  const broker = new FakeBroker()
  const put = (user: User) => broker.produce('users', [{ key: user.userId, value: encode('users', user) }])
  await put({ userId: 'a', attributes: { region: 'north' } })
  await put({ userId: 'b', attributes: { region: 'south' } })
  await put({ userId: 'a', attributes: { region: 'west' } })
  await put({ userId: 'b', forgotten: true })
  await broker.produce('users', [{ key: 'c', value: Buffer.from('no profile') }])
  expect(await readProfiles(broker)).toEqual(new Map([['a', { userId: 'a', attributes: { region: 'west' } }]]))
})
