import { describe, expect, it } from 'vitest'
import {
  assignPartitions,
  type Claim,
  decodeAssignment,
  decodeClaim,
  encodeAssignment,
  encodeClaim,
} from '../../src/broker/kafka-assignment.ts'
import { seededRandom } from '../fakes/seeded-random.ts'

const claim = (memberId: string, ...owned: number[]): Claim => ({ memberId, owned })
const all = (assigned: Map<string, number[]>) => [...assigned.values()].flat().sort((a, b) => a - b)
const range = (end: number) => Array.from({ length: end }, (_, i) => i)

describe('assigning partitions to the members of a Kafka group', () => {
  it('gives all of them to the first, who keeps what a newcomer does not need', () => {
    expect(assignPartitions([claim('a')], 4)).toEqual(new Map([['a', [0, 1, 2, 3]]]))
    const assigned = assignPartitions([claim('a', 0, 1, 2, 3), claim('b')], 4)
    expect(assigned.get('a')).toHaveLength(2)
  })

  it('gives a partition that changes hands to nobody before its owner has let go of it', () => {
    const first = assignPartitions([claim('a', 0, 1, 2, 3), claim('b')], 4)
    expect(first.get('b')).toEqual([])
    const kept = first.get('a')!
    const second = assignPartitions([claim('a', ...kept), claim('b')], 4)
    expect(second.get('a')).toEqual(kept)
    expect(all(second)).toEqual(range(4))
  })

  it('leaves members without partitions when there are too many', () => {
    const assigned = assignPartitions([claim('a'), claim('b'), claim('c')], 2)
    expect([...assigned.values()].map(({ length }) => length).sort()).toEqual([0, 1, 1])
  })

  it('comes to rest within two generations after members have come and gone, with no partition in two hands', () => {
    const random = seededRandom(7)
    const partitions = 12
    let claims: Claim[] = []
    for (let round = 0; round < 200; round++) {
      if (claims.length > 1 && random() < 0.5) claims.splice(Math.floor(random() * claims.length), 1)
      else claims.push(claim(`m${round}`))
      for (let generation = 0; generation < 2; generation++) {
        const assigned = assignPartitions(claims, partitions)
        expect(new Set(all(assigned)).size).toBe(all(assigned).length)
        for (const { memberId, owned } of claims) {
          const others = claims.filter((other) => other.memberId !== memberId).flatMap((other) => other.owned)
          const given = assigned.get(memberId)!.filter((partition) => !owned.includes(partition))
          expect(given.filter((partition) => others.includes(partition))).toEqual([])
        }
        claims = claims.map(({ memberId }) => claim(memberId, ...assigned.get(memberId)!))
      }
      expect(claims.flatMap(({ owned }) => owned).sort((a, b) => a - b)).toEqual(range(partitions))
      const sizes = claims.map(({ owned }) => owned.length)
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
    }
  })

  it('says what it has and gets in the bytes of the group protocol', () => {
    const metadata = encodeClaim(['ratings', 'users'], new Set([3, 1]), 7)
    expect(decodeClaim('m', metadata)).toEqual(claim('m', 3, 1))
    expect(encodeClaim(['ratings', 'users'], [3, 1], 8).equals(metadata)).toBe(false)
    expect(decodeAssignment(encodeAssignment(['ratings', 'users'], [2, 0]))).toEqual([2, 0])
    expect(decodeAssignment(encodeAssignment(['ratings'], []))).toEqual([])
    expect(decodeAssignment(Buffer.alloc(0))).toEqual([])
  })
})
