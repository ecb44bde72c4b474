// What a state takes in Redis, key by key, and what that comes to for a million users.
import { Redis } from 'ioredis'
import { KEYS } from '../src/state/keys.ts'
import { type Figures, rounded } from './benchmark.ts'

/** One key a user; all else grows with the catalogue and the partitions. */
const USER_TABLES: readonly string[] = [KEYS.history, KEYS.beyondHistory, KEYS.features, KEYS.profile]
const PAGE = 1000
const GIBIBYTE = 2 ** 30

export async function redisMemory(url: string, namespace: string): Promise<Figures> {
  const redis = new Redis(url)
  const tables = new Map<string, { keys: number; bytes: number }>()
  for await (const keys of redis.scanStream({ match: `${namespace}:{*`, count: PAGE })) {
    const usages = await redis.pipeline(keys.map((key: string) => ['memory', 'usage', key, 'samples', '0'])).exec()
    for (const [i, [, bytes]] of usages!.entries()) {
      const table = /}:(\w:?)/.exec(keys[i])?.[1] ?? 'record'
      const sum = tables.get(table) ?? { keys: 0, bytes: 0 }
      tables.set(table, { keys: sum.keys + 1, bytes: sum.bytes + Number(bytes) })
    }
  }
  redis.disconnect()
  const users = tables.get(KEYS.history)?.keys ?? 0
  const bytesOf = (isWanted: (table: string) => boolean) =>
    [...tables].reduce((sum, [table, { bytes }]) => sum + (isWanted(table) ? bytes : 0), 0)
  const userBytes = bytesOf((table) => USER_TABLES.includes(table))
  return {
    users,
    bytesPerUser: Math.round(userBytes / users),
    gibibytesPerMillionUsers: rounded((userBytes / users) * (1e6 / GIBIBYTE)),
    catalogueMebibytes: rounded(bytesOf((table) => !USER_TABLES.includes(table)) / 2 ** 20),
  }
}
