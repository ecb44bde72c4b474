import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '../config/config.ts'

/**
 * What comes of the stream, in the order in which it goes. The log is last: wherever this is interrupted, all that has
 * gone is made again from the log that is still there.
 */
const OF_THE_STREAM = ['state', 'events', 'releases', 'log']

/** Whether all that comes of the stream lies in the home, and the program can begin anew where it runs. */
export function canStartOver({ kafkaBrokers, redisUrl, clickhouseUrl, releasesDir }: Config): boolean {
  const isEmbedded = kafkaBrokers.length === 0 && redisUrl === undefined && clickhouseUrl === undefined
  return isEmbedded && releasesDir === undefined && process.platform !== 'win32' && typeof process.execve === 'function'
}

/** Deletes log, state, event log and releases of a home that nobody has open; downloads stay. */
export async function discardStream(home: string): Promise<void> {
  const discarded = join(home, 'discarded')
  await rm(discarded, { recursive: true, force: true })
  await mkdir(discarded, { recursive: true })
  for (const name of OF_THE_STREAM) {
    await rename(join(home, name), join(discarded, name)).catch((error) => {
      if (error.code !== 'ENOENT') throw error
    })
  }
  await rm(discarded, { recursive: true, force: true })
}

/** The program from its first line, in the same process and with the same arguments, of which the last one counts. */
export function beginAnew(args: readonly string[]): never {
  return process.execve!(process.execPath, [
    process.execPath,
    ...process.execArgv,
    ...process.argv.slice(1),
    ...args,
  ]) as never
}
