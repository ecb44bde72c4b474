import kafkajs from 'kafkajs'
import { describe, expect, it } from 'vitest'
import { partitionFor } from '../../src/events/topics.ts'
import { seededRandom } from '../fakes/seeded-random.ts'

const ofKafka = kafkajs.Partitioners.DefaultPartitioner()

/** Where a Kafka producer puts the key. */
function kafkaPartition(key: string, partitions: number): number {
  const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => ({
    partitionErrorCode: 0,
    partitionId,
    leader: 1,
    replicas: [1],
    isr: [1],
  }))
  return ofKafka({ topic: 'ratings', partitionMetadata, message: { key, value: null } })
}

const random = seededRandom(7)

function randomKey(alphabet: readonly string[]): string {
  const length = Math.floor(random() * 40)
  return Array.from({ length }, () => alphabet[Math.floor(random() * alphabet.length)]).join('')
}

describe('the partition of a key', () => {
  it.each([
    ['of digits', [...'0123456789']],
    ['of any ASCII', Array.from({ length: 128 }, (_, code) => String.fromCharCode(code))],
    ['beyond ASCII', [...'aé ü ñ Ж 日本 ع 🎬 👩‍👧 ﷽']],
  ])('is the one that Kafka gives to keys %s', (_, alphabet) => {
    for (let i = 0; i < 2_000; i++) {
      const key = randomKey(alphabet)
      const partitions = 1 + Math.floor(random() * 64)
      expect([key, partitionFor(key, partitions)]).toEqual([key, kafkaPartition(key, partitions)])
    }
  })

  it('spreads the ids of users evenly', () => {
    const counts = Array.from({ length: 8 }, () => 0)
    for (let user = 1; user <= 8_000; user++) counts[partitionFor(String(user), 8)]!++
    for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(150)
  })
})
