import { describe, expect, it } from 'vitest'
import { ConsumerGroup, type GroupMember, share } from '../../src/broker/consumer-group.ts'

const nobody = (partitions: number) => Array.from({ length: partitions }, () => undefined)
const countsOf = (owners: readonly unknown[], members: readonly string[]) =>
  members.map((member) => owners.filter((owner) => owner === member).length)

describe('sharing partitions', () => {
  it('gives shares that differ by one at most, and every partition to someone', () => {
    for (let partitions = 1; partitions <= 13; partitions++) {
      for (let size = 1; size <= 15; size++) {
        const members = Array.from({ length: size }, (_, i) => `m${i}`)
        const counts = countsOf(share(nobody(partitions), members), members)
        expect(counts.reduce((sum, count) => sum + count)).toBe(partitions)
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1)
      }
    }
  })

  it('takes away no more than a newcomer needs', () => {
    const owners = ['a', 'b', 'a', 'b', 'a', 'b', 'a', 'b']
    const after = share(owners, ['a', 'b', 'c'])
    expect(countsOf(after, ['a', 'b', 'c'])).toEqual([3, 3, 2])
    expect(after.filter((owner, i) => owner !== owners[i])).toEqual(['c', 'c'])
  })

  it('moves only the partitions of a member that has left', () => {
    const owners = ['a', 'b', 'c', 'a', 'b', 'c', 'a', 'b']
    const after = share(owners, ['a', 'c'])
    expect(countsOf(after, ['a', 'c'])).toEqual([4, 4])
    expect(after.every((owner, i) => owners[i] === 'b' || owner === owners[i])).toBe(true)
  })

  it('changes nothing when nothing has changed', () => {
    const owners = share(nobody(8), ['a', 'b', 'c'])
    expect(share(owners, ['a', 'b', 'c'])).toEqual(owners)
  })

  it('leaves partitions without an owner where there are no members', () => {
    expect(share(['a', undefined, 'a'], [])).toEqual([undefined, undefined, undefined])
  })
})

class FakeMember implements GroupMember {
  readonly owned = new Set<number>()
  readonly revoking = new Map<number, () => void>()

  assign(partition: number): void {
    this.owned.add(partition)
  }

  revoke(partition: number): Promise<void> {
    return new Promise((resolve) => {
      this.revoking.set(partition, () => {
        this.revoking.delete(partition)
        this.owned.delete(partition)
        resolve()
      })
    })
  }

  letGo(): void {
    for (const finish of [...this.revoking.values()]) finish()
  }
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

describe('a consumer group', () => {
  it('assigns a partition only when its former owner has let go of it', async () => {
    const group = new ConsumerGroup(4)
    const [a, b] = [new FakeMember(), new FakeMember()]
    group.join(a)
    expect(a.owned).toEqual(new Set([0, 1, 2, 3]))
    group.join(b)
    await settled()
    expect([...a.revoking.keys()]).toEqual([2, 3])
    expect(b.owned).toEqual(new Set())
    a.revoking.get(3)!()
    await settled()
    expect(b.owned).toEqual(new Set([3]))
    a.letGo()
    await settled()
    expect(b.owned).toEqual(new Set([2, 3]))
    expect(a.owned).toEqual(new Set([0, 1]))
  })

  it('has a member leave once its partitions are revoked, those under way included', async () => {
    const group = new ConsumerGroup(4)
    const [a, b] = [new FakeMember(), new FakeMember()]
    group.join(a)
    group.join(b)
    let left = false
    void group.leave(a).then(() => {
      left = true
    })
    await settled()
    expect([...a.revoking.keys()].sort()).toEqual([0, 1, 2, 3])
    a.revoking.get(2)!()
    await settled()
    expect(left).toBe(false)
    a.letGo()
    await settled()
    expect(left).toBe(true)
    expect(b.owned).toEqual(new Set([0, 1, 2, 3]))
  })

  it('ends up even however the members come and go while partitions change hands', async () => {
    const group = new ConsumerGroup(7)
    const [a, b, c] = [new FakeMember(), new FakeMember(), new FakeMember()]
    group.join(a)
    group.join(b)
    group.join(c)
    void group.leave(b)
    group.join(b)
    for (let i = 0; i < 5; i++) {
      await settled()
      for (const member of [a, b, c]) member.letGo()
    }
    expect([a, b, c].map(({ owned }) => owned.size).sort()).toEqual([2, 2, 3])
    expect(new Set([...a.owned, ...b.owned, ...c.owned]).size).toBe(7)
  })

  it('keeps the partitions for whoever joins after the last has left', async () => {
    const group = new ConsumerGroup(3)
    const [a, b] = [new FakeMember(), new FakeMember()]
    group.join(a)
    void group.leave(a)
    a.letGo()
    await settled()
    group.join(b)
    expect(b.owned).toEqual(new Set([0, 1, 2]))
  })
})
