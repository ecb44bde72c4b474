import { Cluster } from 'ioredis'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openRedisStateStore } from '../../src/state/redis-state-store.ts'
import type { PartitionOwner, StateStore } from '../../src/state/state-store.ts'
import { describeWithEngine } from '../containers/describe-with.ts'
import { type RedisCluster, startRedisCluster } from '../containers/redis.ts'

const PARTITIONS = 16
const everyPartition = Array.from({ length: PARTITIONS }, (_, partition) => partition)
const put = (entries: Record<string, string>) =>
  new Map(Object.entries(entries).map(([key, text]) => [key, Buffer.from(text)]))

await describeWithEngine('the state on a Redis Cluster of three masters', ['REDIS_URL'], () => {
  let cluster: RedisCluster
  let store: StateStore

  beforeAll(async () => {
    cluster = await startRedisCluster()
    store = await openRedisStateStore({ nodes: cluster.nodes, partitions: PARTITIONS })
  })
  afterAll(async () => {
    await store?.close()
    await cluster?.stop()
  })

  const texts = async (group: string, partition: number, keys: string[]) =>
    (await store.read(group, partition, keys)).map((value) => value && Buffer.from(value).toString())

  it('makes the round trip, a partition in one place and the partitions on every master', async () => {
    const owners = await Promise.all(everyPartition.map((partition) => store.own('live', partition)))
    await Promise.all(
      owners.map((owner, i) => owner.commit(put({ 'h:1': `${i}`, 'v:1': 'b', 'v:0': 'a' }), { ratings: i })),
    )
    for (const partition of everyPartition) {
      expect(await texts('live', partition, ['h:1', 'h:2', 'v:0'])).toEqual([`${partition}`, undefined, 'a'])
      expect(await store.offsets('live', partition)).toEqual({ ratings: partition })
      for (const table of ['v:', 'h:']) {
        const keys: string[] = []
        for await (const [key] of store.scan('live', partition, table)) keys.push(key)
        expect(keys).toEqual(table === 'v:' ? ['v:0', 'v:1'] : ['h:1'])
      }
    }
    const fresh = await store.own('live', 3)
    await expect(owners[3]!.commit(put({ 'h:1': 'stale' }), {})).rejects.toMatchObject({ code: 'FENCED' })
    expect(fresh.offsets).toEqual({ ratings: 3 })
    expect(await keysPerMaster(cluster)).toSatisfy((counts: number[]) => counts.every((count) => count > 0))

    await store.drop('live')
    expect(await texts('live', 3, ['h:1'])).toEqual([undefined])
    // The number of partitions stays.
    expect((await keysPerMaster(cluster)).reduce((sum, count) => sum + count)).toBe(1)
  })

  it('loses and doubles nothing while slots move from one master to another', async () => {
    const owners = await Promise.all(everyPartition.map((partition) => store.own('moved', partition)))
    const commits = owners.map(() => 0)
    let moving = true
    const commitAll = (owner: PartitionOwner, partition: number) => {
      const count = `${++commits[partition]!}`
      return owner.commit(put({ count, [`k${count}`]: count }), { ratings: Number(count) })
    }
    const committing = (async () => {
      while (moving) await Promise.all(owners.map(commitAll))
    })()
    await cluster.moveSlots(0, 1).finally(() => {
      moving = false
    })
    await committing
    // What has no slots left is no master any more.
    expect((await keysPerMaster(cluster)).filter((count) => count > 0)).toHaveLength(2)
    for (const partition of everyPartition) {
      const count = commits[partition]!
      expect(await store.offsets('moved', partition)).toEqual({ ratings: count })
      expect(await texts('moved', partition, ['count', 'k1', `k${count}`])).toEqual([`${count}`, '1', `${count}`])
    }
  })
})

async function keysPerMaster({ nodes }: RedisCluster): Promise<number[]> {
  const admin = new Cluster([...nodes], { lazyConnect: true })
  await admin.connect()
  const counts = await Promise.all(admin.nodes('master').map((node) => node.dbsize()))
  admin.disconnect()
  return counts
}
