import { readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { createClient, parseError } from '@clickhouse/client'
import { TributaryError } from '../errors.ts'
import { acquireChdb } from './chdb-engine.ts'
import type { EventLog } from './event-log.ts'
import { SqlEventLog } from './sql-event-log.ts'

export interface ChdbOptions {
  /** The data folder; created where it is missing. One process at a time may have it open. */
  readonly path: string
}

/** Given to the engine when it starts. It shares the process with serving: it is to stay small. */
const ENGINE_ARGUMENTS = [
  '--max_threads=2',
  // One merge at a time: several at once are what makes memory peak.
  '--background_pool_size=1',
  '--background_merges_mutations_concurrency_ratio=1',
  '--mark_cache_size=67108864',
  '--index_mark_cache_size=16777216',
  '--query_condition_cache_size=8388608',
  // Batches are a few megabytes: to parse them in parallel costs more threads and memory than it saves time.
  '--input_format_parallel_parsing=0',
  '--output_format_json_quote_64bit_integers=0',
  // One append, one block, one part.
  '--max_insert_threads=1',
  '--min_insert_block_size_bytes=0',
]

/**
 * The event log in ClickHouse's engine inside this process (npm chdb), for one thread at a time.
 *
 * An append survives the death of the process and, being synced, a power failure.
 *
 * @throws TributaryError BAD_USAGE when another process has the folder open or another thread has chDB in use, or where
 * this platform has no chDB
 */
export async function openChdbEventLog({ path }: ChdbOptions): Promise<EventLog> {
  const folder = resolve(path)
  await mkdir(folder, { recursive: true })
  const { Session, createChdbConnection, drainPending, release } = await acquireChdb()
  // The first connection starts the engine, and is the only one that can be given arguments.
  const engine = openEngine(() => new Session(folder, { connectionArgs: ENGINE_ARGUMENTS }), folder, release)
  const [writing, reading] = [createChdbConnection({ path: folder }), createChdbConnection({ path: folder })]
  const writer = createClient({ connection: writing as unknown as ClientConnection })
  const reader = createClient({ connection: reading as unknown as ClientConnection })
  return new SqlEventLog({
    name: folder,
    writer,
    reader,
    // The client would make a string of the rows first, and then a longer one of statement and rows.
    insert: async (table, columns, values) => {
      const insert = { table, columns, values, format: 'JSONCompactEachRow' } as const
      await writing.chdb.rawInsert(insert).catch((error) => Promise.reject(parseError(error)))
    },
    close: async () => {
      await writer.close()
      await reader.close()
      engine.close()
      await drainPending()
      release()
    },
  })
}

/** The same interface, declared once more by the package that chDB takes it from. */
type ClientConnection = NonNullable<NonNullable<Parameters<typeof createClient>[0]>['connection']>

function openEngine<Engine>(open: () => Engine, folder: string, release: () => void): Engine {
  try {
    return open()
  } catch (cause) {
    release()
    const holder = lockHolder(folder)
    const locked = `process ${holder} has it open. Stop that process, or choose another folder.`
    const why = holder === undefined ? (cause as Error).message : locked
    throw new TributaryError('BAD_USAGE', `cannot open the event log in ${folder}: ${why}`, { folder, holder }, cause)
  }
}

/** The engine writes its process id into `status` and holds a lock of the kernel on it, which dies with the process. */
function lockHolder(folder: string): number | undefined {
  try {
    const pid = /^PID: (\d+)/m.exec(readFileSync(join(folder, 'status'), 'utf8'))?.[1]
    return pid === undefined ? undefined : Number(pid)
  } catch {
    return undefined
  }
}
