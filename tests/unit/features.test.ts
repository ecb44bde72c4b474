import { expect, it } from 'vitest'
import type { Interaction } from '../../src/events/types.ts'
import { unseenCandidates } from '../../src/ranking/candidate-ranker.ts'
import { LiveReplica } from '../../src/training/live-replica.ts'

const MINUTE = 60_000
const DAY = 86_400_000
const ITEMS = ['first', 'second', 'third', 'other']

/** Ten users who visit three items in the same order, and some who visit another. */
async function replicaOf(): Promise<LiveReplica> {
  const items = ITEMS.map((itemId) => ({ itemId, title: itemId, genres: ['Drama'] }))
  const replica = await LiveReplica.open({ items, itemIds: ITEMS, users: [], partitions: 2 })
  const push = (userId: string, itemId: string, at: number) =>
    replica.push({ eventId: `${userId} ${itemId}`, userId, itemId, kind: 'like', at } satisfies Interaction)
  for (let user = 0; user < 10; user++) {
    for (const [n, itemId] of ['first', 'second', 'third'].entries()) await push(`u${user}`, itemId, (1 + n) * MINUTE)
  }
  for (let user = 0; user < 3; user++) await push(`v${user}`, 'other', 4 * MINUTE)
  await push('asked', 'second', 5 * MINUTE)
  return replica
}

async function columnsOf(replica: LiveReplica, at: number) {
  const scored = await replica.ask('asked', at)
  const candidates = unseenCandidates(scored)
  const reader = replica.featureReader()
  const { items } = reader.read(scored, candidates)
  return (name: string) => {
    const column = reader.names.indexOf(name)
    expect(column, name).toBeGreaterThanOrEqual(0)
    const values = candidates.map((item, row) => [ITEMS[item]!, items[row * reader.names.length + column]!] as const)
    return Object.fromEntries(values)
  }
}

it('tells what was visited after the latest item from what was visited before it', async () => {
  const column = await columnsOf(await replicaOf(), 6 * MINUTE)
  const [after, before] = [column('co-visits-1'), column('co-visits-before-1')]
  expect(after.third).toBeCloseTo(0, 2)
  expect(after.first).toBeLessThan(-5)
  expect(before.first).toBeCloseTo(0, 2)
  expect(before.third).toBeLessThan(-5)
})

it('does not take what is popular now for what was popular at the time of a request from long ago', async () => {
  const replica = await replicaOf()
  const now = await columnsOf(replica, 6 * MINUTE)
  for (const name of ['popularity', 'trend', 'popular', 'trending']) {
    expect(now(name).third, name).toBeGreaterThan(now(name).other!)
  }
  const past = await columnsOf(replica, 5 * MINUTE - 2 * DAY)
  for (const name of ['popularity', 'trend', 'popular', 'trending']) {
    const values = Object.values(past(name))
    expect(values.length).toBeGreaterThan(1)
    for (const value of values) expect(value, name).toBe(values[0])
  }
})
