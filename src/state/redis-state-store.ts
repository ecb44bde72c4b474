import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { TributaryError } from '../errors.ts'
import { RedisClient, type RedisConnection } from './redis-client.ts'
import { checked, isIndexed, type PartitionKeys, partitionCountKey, partitionKeys, startsWith } from './redis-keys.ts'
import type { Offsets, PartitionOwner, StateStore } from './state-store.ts'

export interface RedisStateStoreOptions extends RedisConnection {
  readonly partitions: number
  /** What every key begins with, for several programs in one Redis. Default `tributary:`. */
  readonly prefix?: string
}

/** src/state/lua: the keys' number, the keys, the arguments. */
interface Scripts {
  own(keys: 1, record: string, fence: string): Promise<string[]>
  commit(keys: number, names: readonly string[], args: readonly (string | Buffer)[]): Promise<0 | 1>
}

const OFFSET = 'offset:'
const SCAN_COUNT = 5_000
/** Values of a scan read at a time. */
const SCANNED_VALUES = 256

/**
 * Online state in Redis, or in a Redis Cluster: a string per value, which are read with MGET.
 *
 * A commit is one script call, atomic also for readers. How durable it is, is the server's choice (`appendonly`,
 * replicas): should it lose commits, then the owner that made them is fenced by its next one, and whoever owns the
 * partition next folds the log again from the offsets that are left.
 * @throws TributaryError UNAVAILABLE, BAD_USAGE (credentials, or a state of another number of partitions)
 */
export async function openRedisStateStore(options: RedisStateStoreOptions): Promise<StateStore> {
  const { partitions, prefix = 'tributary:' } = options
  checked(prefix, 'the prefix')
  const client = await RedisClient.connect<Scripts>(options, { own: script('own'), commit: script('commit') })
  try {
    await checkPartitions(client, prefix, partitions)
  } catch (error) {
    client.close()
    throw error
  }
  return new RedisStateStore(client, prefix, partitions)
}

function script(name: keyof Scripts): { lua: string } {
  return { lua: readFileSync(new URL(`./lua/${name}.lua`, import.meta.url), 'utf8') }
}

async function checkPartitions(client: RedisClient<Scripts>, prefix: string, partitions: number): Promise<void> {
  const key = partitionCountKey(prefix)
  const stored = await client.run('read the number of partitions', async () => {
    await client.commands.setnx(key, partitions)
    return client.commands.get(key)
  })
  if (Number(stored) === partitions) return
  throw new TributaryError(
    'BAD_USAGE',
    `the state in Redis under "${prefix}" has ${stored} partitions, the configuration says ${partitions}: a user's ` +
      'partition would change. Set partitions back, or choose another prefix.',
  )
}

class RedisStateStore implements StateStore {
  readonly partitions: number
  readonly #client: RedisClient<Scripts>
  readonly #prefix: string

  constructor(client: RedisClient<Scripts>, prefix: string, partitions: number) {
    this.#client = client
    this.#prefix = prefix
    this.partitions = partitions
  }

  async own(group: string, partition: number): Promise<PartitionOwner> {
    const keys = this.#keys(group, partition)
    let fence: string = randomUUID()
    const record = await this.#client.run(`take over partition ${partition} of ${group}`, () =>
      this.#client.commands.own(1, keys.record, fence),
    )
    let offsets = offsetsOf(Object.fromEntries(pairs(record)))
    return {
      get offsets() {
        return offsets
      },
      read: (names) => this.read(group, partition, names),
      scan: (prefix) => this.scan(group, partition, prefix),
      commit: async (mutations, moved) => {
        const next = randomUUID()
        const { names, args } = commitArguments(keys, fence, next, mutations, moved)
        const committed = await this.#client.run(`commit partition ${partition} of ${group}`, () =>
          this.#client.commands.commit(names.length, names, args),
        )
        if (!committed) {
          throw new TributaryError(
            'FENCED',
            `partition ${partition} of ${group} has a newer owner, or Redis has lost commits of this one`,
            { group, partition },
          )
        }
        fence = next
        offsets = { ...offsets, ...moved }
      },
    }
  }

  async read(group: string, partition: number, keys: readonly string[]): Promise<(Uint8Array | undefined)[]> {
    if (keys.length === 0) return []
    const { values } = this.#keys(group, partition)
    const found = await this.#client.run(`read partition ${partition} of ${group}`, () =>
      this.#client.commands.mgetBuffer(keys.map((key) => values + key)),
    )
    return found.map((value) => value ?? undefined)
  }

  async *scan(group: string, partition: number, prefix: string): AsyncGenerator<readonly [string, Uint8Array]> {
    const keys = isIndexed(prefix)
      ? await this.#indexed(group, partition, prefix)
      : await this.#scanned(group, partition, prefix)
    for (let from = 0; from < keys.length; from += SCANNED_VALUES) {
      const some = keys.slice(from, from + SCANNED_VALUES)
      const values = await this.read(group, partition, some)
      for (const [i, value] of values.entries()) if (value) yield [some[i]!, value]
    }
  }

  async offsets(group: string, partition: number): Promise<Offsets> {
    const { record } = this.#keys(group, partition)
    return offsetsOf(
      await this.#client.run(`read the offsets of ${group}`, () => this.#client.commands.hgetall(record)),
    )
  }

  /** Goes through all keys of the server. */
  async drop(group: string): Promise<void> {
    await this.#client.run(`drop ${group}`, async () => {
      const partitions = Array.from({ length: this.partitions }, (_, partition) => this.#keys(group, partition))
      // First the records: no owner can commit after that.
      await Promise.all(partitions.map(({ record }) => this.#client.commands.unlink(record)))
    })
    const within = `${this.#prefix}{${group}/`
    for await (const [server, keys] of this.#everyKey(within)) {
      const dropped = keys.filter((key) => /^\d+}/.test(key.slice(within.length)))
      // One by one, since partitions differ in their slots.
      const unlinks = server.pipeline(dropped.map((key) => ['unlink', key]))
      await this.#client.run(`drop ${group}`, () => unlinks.exec())
    }
  }

  async close(): Promise<void> {
    this.#client.close()
  }

  #keys(group: string, partition: number): PartitionKeys {
    return partitionKeys(this.#prefix, group, partition)
  }

  async #indexed(group: string, partition: number, prefix: string): Promise<string[]> {
    const { index } = this.#keys(group, partition)
    // 0xff is no byte of UTF-8: beyond every key that starts with the prefix.
    const beyond = Buffer.concat([Buffer.from(`(${prefix}`), Buffer.of(0xff)])
    return this.#client.run(`read the index of partition ${partition} of ${group}`, () =>
      this.#client.commands.zrangebylex(index, `[${prefix}`, beyond),
    )
  }

  /** Goes through all keys of the server. */
  async #scanned(group: string, partition: number, prefix: string): Promise<string[]> {
    const { values } = this.#keys(group, partition)
    // SCAN may answer a key twice.
    const found = new Set<string>()
    for await (const [, keys] of this.#everyKey(values + prefix)) {
      for (const key of keys) found.add(key.slice(values.length))
    }
    return [...found].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  }

  async *#everyKey(prefix: string) {
    for (const server of this.#client.servers) {
      let cursor = '0'
      do {
        const page = await this.#client.run('scan the keys', () =>
          server.scan(cursor, 'MATCH', startsWith(prefix), 'COUNT', SCAN_COUNT),
        )
        cursor = page[0]
        yield [server, page[1]] as const
      } while (cursor !== '0')
    }
  }
}

/** What `lua/commit.lua` takes. */
function commitArguments(
  { record, index, values }: PartitionKeys,
  fence: string,
  next: string,
  mutations: ReadonlyMap<string, Uint8Array | null>,
  moved: Offsets,
): { names: string[]; args: (string | Buffer)[] } {
  const puts: [string, Uint8Array][] = []
  const indexed: [string, Uint8Array][] = []
  const deleted: string[] = []
  for (const [key, value] of mutations) {
    if (value === null) deleted.push(key)
    else (isIndexed(key) ? indexed : puts).push([key, value])
  }
  const put = [...indexed, ...puts]
  return {
    names: [record, index, ...put.map(([key]) => values + key), ...deleted.map((key) => values + key)],
    args: [
      fence,
      next,
      `${put.length}`,
      `${indexed.length}`,
      // The client takes other views than Buffers for text.
      ...put.map(([, value]) => Buffer.from(value.buffer, value.byteOffset, value.byteLength)),
      ...Object.entries(moved).flatMap(([topic, offset]) => [OFFSET + topic, `${offset}`]),
    ],
  }
}

function offsetsOf(record: Record<string, string>): Offsets {
  const offsets = Object.entries(record).filter(([field]) => field.startsWith(OFFSET))
  return Object.fromEntries(offsets.map(([field, offset]) => [field.slice(OFFSET.length), Number(offset)]))
}

function pairs(flat: readonly string[]): [string, string][] {
  return Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i]!, flat[2 * i + 1]!])
}
