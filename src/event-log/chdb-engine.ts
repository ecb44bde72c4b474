// Loading npm's chdb safely: at most one thread of a process may use it at a time, and no thread may unload it.
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { locks } from 'node:worker_threads'
import { TributaryError } from '../errors.ts'

/** dlopen(3): leave the library in memory when it is closed. Not among Node's constants. */
const RTLD_NODELETE = process.platform === 'darwin' ? 0x80 : 0x1000

const LOCK = 'tributary-chdb'

/**
 * Loads chDB for this thread until `release` is called; some 200 MB of memory, so only who needs it calls this.
 *
 * @throws TributaryError BAD_USAGE when another thread of this process is using it, or this platform has no chDB
 */
export async function acquireChdb() {
  const release = await lock()
  try {
    await pin()
    const [{ Session, drainPending }, { createChdbConnection }] = await Promise.all([
      import('chdb'),
      import('chdb/connection'),
    ])
    return { Session, drainPending, createChdbConnection, release }
  } catch (cause) {
    release()
    const where = `${process.platform} ${process.arch}`
    const message = `chDB cannot be loaded on ${where}: take a ClickHouse server for the event log instead`
    throw new TributaryError('BAD_USAGE', message, { where }, cause)
  }
}

/** With two threads on the engine, the queries of one hang for ever once the other one lets go of it. */
function lock(): Promise<() => void> {
  return new Promise((resolve, reject) => {
    void locks.request(LOCK, { ifAvailable: true }, (granted) => {
      if (granted) return new Promise<void>((release) => resolve(release))
      reject(new TributaryError('BAD_USAGE', 'chDB is in use in this process already: ask the one who opened it'))
      return undefined
    })
  })
}

/**
 * A thread that ends unloads the native libraries that only it has loaded, under the feet of chDB's own threads: the
 * process crashes. Opened once with this flag they stay.
 */
async function pin(): Promise<void> {
  const { resolveLibchdb } = await import('chdb/libchdb')
  const addon = join(dirname(resolveLibchdb({ env: {} }).path), 'chdb_node.node')
  process.dlopen({ exports: {} }, addon, constants.dlopen.RTLD_LAZY | RTLD_NODELETE)
}
