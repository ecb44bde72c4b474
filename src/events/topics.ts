/** Every topic of the program: who keys it by what, and whether it is compacted to the last message of a key. */
export const TOPICS = {
  ratings: { key: 'userId', compacted: false, about: 'interactions replayed or imported' },
  feedback: { key: 'userId', compacted: false, about: 'interactions taken by POST /feedback' },
  items: { key: 'itemId', compacted: true, about: 'catalogue upserts' },
  users: { key: 'userId', compacted: true, about: 'profile upserts' },
  impressions: { key: 'userId', compacted: false, about: 'slates served' },
  releases: { key: 'name', compacted: true, about: 'model releases announced' },
  'dead-letters': { key: 'topic', compacted: false, about: 'events that were refused, with the reason' },
} as const

export type Topic = keyof typeof TOPICS

export const TOPIC_NAMES = Object.keys(TOPICS) as readonly Topic[]

/**
 * The partition of a key among `partitions`: Kafka's default partitioner (murmur2 of the UTF-8 bytes, made
 * positive), so that a producer in any language puts a user's events where ours does.
 */
export function partitionFor(key: string, partitions: number): number {
  return partitionOfHash(keyHash(key), partitions)
}

export function partitionOfHash(hash: number, partitions: number): number {
  return (hash & 0x7fffffff) % partitions
}

/** A number for a key, 32 bits: two keys in 2^32 share one. */
export function keyHash(key: string): number {
  return murmur2(Buffer.from(key)) >>> 0
}

/** MurmurHash2, 32 bits, seed 0x9747b28c, as in org.apache.kafka.common.utils.Utils. */
function murmur2(bytes: Uint8Array): number {
  const M = 0x5bd1e995
  let hash = 0x9747b28c ^ bytes.length
  const whole = bytes.length & ~3
  for (let i = 0; i < whole; i += 4) {
    let k = bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24)
    k = Math.imul(k, M)
    k ^= k >>> 24
    hash = Math.imul(hash, M) ^ Math.imul(k, M)
  }
  const rest = bytes.length - whole
  if (rest === 3) hash ^= bytes[whole + 2]! << 16
  if (rest >= 2) hash ^= bytes[whole + 1]! << 8
  if (rest >= 1) hash = Math.imul(hash ^ bytes[whole]!, M)
  hash ^= hash >>> 13
  hash = Math.imul(hash, M)
  return hash ^ (hash >>> 15)
}
