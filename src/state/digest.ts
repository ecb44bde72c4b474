import { createHash } from 'node:crypto'
import { KINDS } from '../events/kinds.ts'
import { KEYS } from './keys.ts'
import type { StateStore } from './state-store.ts'
import { History } from './values/history.ts'
import { ItemSet } from './values/item-set.ts'
import { ItemStatisticsChunk, STATISTICS_CHUNK } from './values/item-statistics.ts'
import { Neighbours } from './values/neighbours.ts'
import { POSTING_WORDS, readWords } from './values/postings.ts'
import { TRAIL_LENGTH, trailItem } from './values/trail.ts'
import { UserFeatures } from './values/user-features.ts'
import { Vocabulary } from './values/vocabulary.ts'

export interface TableDigest {
  readonly entries: number
  /** Of all entries, whatever their order: 16 hex digits. */
  readonly hash: string
}

export const TABLES = [
  'histories',
  'features',
  'profiles',
  'co-visitation',
  'trails',
  'postings',
  'item-statistics',
  'stream-time',
] as const
export type StateDigest = Record<(typeof TABLES)[number], TableDigest>

/**
 * Hashes what the state says, not how it is stored: items and genres by name, one entry a user, an item or a pair and
 * partition. Equal digests mean equal histories, features and counts, to the last bit of each number.
 */
export async function digestState(store: StateStore, group: string): Promise<StateDigest> {
  const sums = new Map(TABLES.map((table) => [table, new EntrySum()]))
  for (let partition = 0; partition < store.partitions; partition++) {
    await addPartition(store, group, partition, (table, entry) => sums.get(table)!.add(entry))
  }
  return Object.fromEntries([...sums].map(([table, sum]) => [table, sum.digest()])) as StateDigest
}

type AddEntry = (table: (typeof TABLES)[number], entry: unknown[]) => void

async function addPartition(store: StateStore, group: string, partition: number, add: AddEntry): Promise<void> {
  const items = await vocabulary(store, group, partition, KEYS.items)
  const genres = await vocabulary(store, group, partition, KEYS.genres)
  const scan = async (prefix: string, each: (id: string, bytes: Uint8Array) => void) => {
    for await (const [key, bytes] of store.scan(group, partition, prefix)) each(key.slice(prefix.length), bytes)
  }
  await scan(KEYS.history, (userId, bytes) => {
    const history = new History(bytes)
    for (let i = 0; i < history.length; i++) {
      const value = Number.isNaN(history.value(i)) ? null : history.value(i)
      add('histories', [userId, i, items.name(history.item(i)), KINDS[history.kind(i)], value, history.at(i)])
    }
  })
  await scan(KEYS.beyondHistory, (userId, bytes) => {
    const set = new ItemSet(bytes)
    for (let i = 0; i < set.length; i++) add('histories', [userId, 'before', items.name(set.item(i))])
  })
  await scan(KEYS.features, (userId, bytes) => {
    const features = new UserFeatures(bytes)
    const { count, meanValue, valueVariance, meanYear, firstAt, lastAt } = features
    add('features', [userId, count, meanValue, valueVariance, meanYear, firstAt, lastAt])
    for (const { genre, visits, preference } of features.genres(lastAt ?? 0)) {
      add('features', [userId, genres.name(genre), visits, preference])
    }
  })
  await scan(KEYS.profile, (userId, bytes) => add('profiles', [userId, Buffer.from(bytes).toString('utf8')]))
  await scan(KEYS.neighbours, (ordinal, bytes) => {
    const row = new Neighbours(bytes)
    for (let i = 0; i < row.length; i++) {
      const pair = [items.name(Number(ordinal)), items.name(row.item(i))]
      add('co-visitation', [partition, ...pair, row.after(i), row.before(i)])
    }
  })
  await scan(KEYS.trails, (number, bytes) => {
    const words = readWords(bytes)
    const count = words[0]!
    for (let position = Math.max(0, count - TRAIL_LENGTH); position < count; position++) {
      const item = trailItem(words, position)
      if (item >= 0) add('trails', [number, position, items.name(item)])
    }
  })
  await scan(KEYS.postings, (ordinal, bytes) => {
    const [count, ...postings] = readWords(bytes)
    const item = items.name(Number(ordinal))
    add('postings', [partition, item, count])
    for (let at = 0; at < postings.length; at += POSTING_WORDS) {
      add('postings', [partition, item, postings[at], postings[at + 1]])
    }
  })
  await scan(KEYS.statistics, (chunk, bytes) => {
    const statistics = new ItemStatisticsChunk(bytes)
    for (let i = 0; i < STATISTICS_CHUNK; i++) {
      const ordinal = Number(chunk) * STATISTICS_CHUNK + i
      if (ordinal < items.size) add('item-statistics', [partition, items.name(ordinal), statistics.get(ordinal)])
    }
  })
  await scan(KEYS.streamTime, (_, bytes) => add('stream-time', [partition, Buffer.from(bytes).readDoubleLE()]))
}

async function vocabulary(store: StateStore, group: string, partition: number, prefix: string): Promise<Vocabulary> {
  const names = new Vocabulary()
  for await (const [key, bytes] of store.scan(group, partition, prefix)) {
    names.load(Number(key.slice(prefix.length)), bytes)
  }
  return names
}

/** The sum, modulo 2^64, of the entries' hashes: the same in any order, and one entry more or twice shows. */
class EntrySum {
  #sum = 0n
  #entries = 0

  add(entry: unknown[]): void {
    this.#sum += createHash('md5').update(JSON.stringify(entry)).digest().readBigUInt64LE()
    this.#entries++
  }

  digest(): TableDigest {
    return { entries: this.#entries, hash: BigInt.asUintN(64, this.#sum).toString(16).padStart(16, '0') }
  }
}
