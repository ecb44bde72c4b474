import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { openRedisStateStore } from '../../src/state/redis-state-store.ts'
import type { StateStore } from '../../src/state/state-store.ts'
import { describeWith } from '../containers/describe-with.ts'
import { startRedis } from '../containers/redis.ts'
import type { TestServer } from '../containers/server.ts'
import { stateStoreSuite } from './state-store.suite.ts'

const bytes = (text: string) => Buffer.from(text)

await describeWith(['REDIS_URL'], 'Redis', () => {
  let server: TestServer | undefined
  let admin: Redis
  const prefix = `test-${randomUUID()}:`
  const open = (given: { partitions?: number; url?: string } = {}) =>
    openRedisStateStore({ url: server!.address, partitions: 2, prefix, ...given })

  beforeAll(async () => {
    server = await startRedis()
    admin = new Redis(server.address)
  })
  afterAll(async () => {
    if (!server) return
    for await (const keys of admin.scanStream({ match: `${prefix}*`, count: 1_000 })) {
      if (keys.length > 0) await admin.unlink(keys)
    }
    admin.disconnect()
    await server.stop()
  })

  stateStoreSuite('Redis', { open, remove: async () => {}, persistent: true })

  const withStore = async (action: (store: StateStore) => Promise<void>) => {
    const store = await open()
    await action(store).finally(() => store.close())
  }

  it('scans thousands of keys, in any table, once each and in the order of bytes', () =>
    withStore(async (store) => {
      for (const table of ['v:', 'h:']) {
        const owner = await store.own('scanned', 0)
        const names = Array.from({ length: 12_000 }, (_, i) => `${table}${i}`).concat(`${table}é`, `${table}🎬`)
        await owner.commit(new Map(names.map((name) => [name, bytes(name)])), {})
        await owner.commit(new Map([[names[5]!, null]]), {})
        const found: string[] = []
        for await (const [key, value] of store.scan('scanned', 0, table)) {
          found.push(key)
          expect(Buffer.from(value).toString()).toBe(key)
        }
        const expected = names.filter((_, i) => i !== 5).map((name) => bytes(name))
        expect(found).toEqual(expected.sort(Buffer.compare).map(String))
      }
    }))

  it('drops a group without touching one whose name begins the same, or holds a wildcard', () =>
    withStore(async (store) => {
      for (const group of ['dropped', 'dropped-not', 'drop*']) {
        await (await store.own(group, 1)).commit(new Map([['k', bytes(group)]]), { ratings: 1 })
      }
      await store.drop('drop*')
      await store.drop('dropped')
      expect(await store.read('dropped', 1, ['k'])).toEqual([undefined])
      expect(await store.offsets('dropped', 1)).toEqual({})
      expect(await store.read('dropped-not', 1, ['k'])).toEqual([bytes('dropped-not')])
      expect(await admin.keys(`${prefix}{dropped/*`)).toEqual([])
    }))

  it('fences an owner whose group was dropped under it', () =>
    withStore(async (store) => {
      const owner = await store.own('dropped', 0)
      await store.drop('dropped')
      await expect(owner.commit(new Map([['k', bytes('late')]]), {})).rejects.toMatchObject({ code: 'FENCED' })
    }))

  it('fences an owner whose last commit the server has lost', () =>
    withStore(async (store) => {
      const owner = await store.own('lost', 0)
      await owner.commit(new Map([['k', bytes('1')]]), { ratings: 1 })
      const record = `${prefix}{lost/0}`
      const before = (await admin.dumpBuffer(record))!
      await owner.commit(new Map([['k', bytes('2')]]), { ratings: 2 })
      await admin.restore(record, 0, before, 'REPLACE')
      await expect(owner.commit(new Map([['k', bytes('3')]]), { ratings: 3 })).rejects.toMatchObject({ code: 'FENCED' })
      expect((await store.own('lost', 0)).offsets).toEqual({ ratings: 1 })
    }))

  it('commits once each what it is told to while its connections are cut', () =>
    withStore(async (store) => {
      // What a fold does: a count in memory, taken up again from the store when a commit's outcome is unknown.
      let owner = await store.own('cut', 0)
      let count = 0
      let unknown = 0
      const commit = async () => {
        try {
          await owner.commit(new Map([['count', bytes(`${count + 1}`)]]), { ratings: count + 1 })
          count++
        } catch (error) {
          expect(error).toMatchObject({ code: 'UNAVAILABLE', retriable: true })
          unknown++
          owner = await vi.waitFor(() => store.own('cut', 0), { timeout: 10_000 })
          count = owner.offsets.ratings ?? 0
        }
        const [stored] = await vi.waitFor(() => store.read('cut', 0, ['count']), { timeout: 10_000 })
        expect(stored?.toString() ?? '0').toBe(`${count}`)
      }
      for (let round = 0; round < 40; round++) {
        for (let i = 0; i < round % 8; i++) await commit()
        await Promise.all([commit(), admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')])
      }
      expect(count + unknown).toBeGreaterThan(100)
    }))

  it('keeps thousands of mutations of any size in one commit', () =>
    withStore(async (store) => {
      const owner = await store.own('large', 0)
      const keys = Array.from({ length: 40_000 }, (_, i) => `n:${i}`)
      await owner.commit(new Map(keys.map((key, i) => [key, Buffer.alloc(i % 400, i)])), { ratings: 1 })
      const values = await store.read('large', 0, keys)
      expect(values.every((value, i) => value && Buffer.compare(value, Buffer.alloc(i % 400, i)) === 0)).toBe(true)
      await owner.commit(new Map(keys.map((key) => [key, null])), { ratings: 2 })
      expect((await store.read('large', 0, keys)).every((value) => value === undefined)).toBe(true)
    }))

  it('refuses a state that was made with another number of partitions', async () => {
    await (await open()).close()
    await expect(open({ partitions: 3 })).rejects.toMatchObject({ code: 'BAD_USAGE', message: /has 2 partitions/ })
  })

  it('says where there is no Redis, and who is not let in, without the password', async () => {
    await expect(open({ url: 'redis://user:hidden@127.0.0.1:1' })).rejects.toSatisfy(
      ({ code, message }) => code === 'UNAVAILABLE' && /127\.0\.0\.1:1\b/.test(message) && !/hidden/.test(message),
    )
    const url = new URL(server!.address)
    await admin.acl('SETUSER', 'fold', 'on', '>right', '~*', '+@all')
    Object.assign(url, { username: 'fold', password: 'wrong' })
    await expect(open({ url: url.href })).rejects.toMatchObject({ code: 'BAD_USAGE', message: /WRONGPASS/ })
    url.password = 'right'
    await (await open({ url: url.href })).close()
    await admin.acl('DELUSER', 'fold')
  })
})
