import cluster, { type Worker } from 'node:cluster'
import { TributaryError } from '../errors.ts'
import { stopSignal } from './stop-signal.ts'

/** What a server process tells the one that started it, once it listens. */
interface Listening {
  readonly url: string
}

/** Whether this process is one of several that share a port. */
export function isServerProcess(): boolean {
  return cluster.isWorker
}

/** Ctrl-C reaches every process of a terminal's group: it is the first process that tells the others to stop. */
export function serverProcessSignal(): AbortSignal {
  process.on('SIGINT', () => {})
  return stopSignal(['SIGTERM'])
}

export function tellListening(url: string): void {
  process.send!({ url } satisfies Listening)
}

/**
 * Runs this very command line in `count` processes that share its port; new connections go to each in turn. They end
 * together: with the signal, and where one of them fails.
 *
 * @param onListening told the address once all of them listen
 * @throws TributaryError INTERNAL where a process ends before it is stopped
 */
export async function runServerProcesses(
  count: number,
  signal: AbortSignal,
  onListening: (url: string) => void,
): Promise<void> {
  const workers = Array.from({ length: count }, () => cluster.fork())
  const exits = workers.map(exitOf)
  const stopped = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
  const failed = Promise.race(
    exits.map(async (exit, index) => {
      const how = await exit
      if (signal.aborted) return stopped
      throw new TributaryError('INTERNAL', `server process ${index + 1} of ${count} ended by itself (${how})`)
    }),
  )
  try {
    const listening = Promise.all(workers.map(urlOf)).then(([url]) => onListening(url!))
    await Promise.race([failed, listening])
    await Promise.race([failed, stopped])
  } finally {
    for (const worker of workers) worker.process.kill('SIGTERM')
    await Promise.all(exits)
  }
}

function urlOf(worker: Worker): Promise<string> {
  return new Promise((resolve) => worker.once('message', ({ url }: Listening) => resolve(url)))
}

function exitOf(worker: Worker): Promise<string> {
  return new Promise((resolve) => {
    worker.once('exit', (code, signal) => resolve(signal ? `by ${signal}` : `with ${code}`))
  })
}
