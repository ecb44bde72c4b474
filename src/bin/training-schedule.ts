import { fork, type StdioOptions } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { constants, setPriority } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Config } from '../config/config.ts'
import { TributaryError } from '../errors.ts'
import { parseDuration } from './durations.ts'
import { aborted } from './roles/consume.ts'
import type { ThreadMessage } from './threads.ts'

export interface TrainingScheduleOptions {
  readonly config: Config
  readonly signal: AbortSignal
  /** Writes all that the event log has into a file, as a training set. */
  readonly exportSet: (path: string) => Promise<void>
  readonly onProgress: (text: string) => void
  readonly onMessage: (text: string) => void
}

const STOP_TIMEOUT_MS = 2_000

/** How often a release is trained, ms; undefined for never. @throws BAD_USAGE */
export function trainInterval({ trainEvery }: Config): number | undefined {
  if (trainEvery === 'never') return undefined
  const ms = parseDuration(trainEvery)
  if (ms !== undefined) return ms
  const message = `TRIBUTARY_TRAIN_EVERY=${trainEvery}: a time as 90s, 10m or 2h is needed, or never`
  throw new TributaryError('BAD_USAGE', message)
}

/** Trains a release in a process of its own, again and again, until the signal. Never rejects. */
export async function trainOnSchedule(options: TrainingScheduleOptions, intervalMs: number): Promise<void> {
  const { config, signal, exportSet, onMessage } = options
  const path = join(config.home, 'training-set.bin')
  while (!signal.aborted) {
    const begun = performance.now()
    try {
      await Promise.race([exportSet(path), aborted(signal)])
      if (!signal.aborted) await runTrainer(path, options)
    } catch (error) {
      onMessage(`No release was trained: ${error instanceof Error ? error.message : error}`)
    } finally {
      rmSync(path, { force: true })
    }
    await delay(Math.max(0, intervalMs - (performance.now() - begun)), undefined, { signal, ref: false }).catch(
      () => {},
    )
  }
}

async function runTrainer(path: string, { config, signal, onProgress, onMessage }: TrainingScheduleOptions) {
  const program = new URL('./trainer-process.ts', import.meta.url)
  // Without the flags of who answers requests.
  const options = { execArgv: [], stdio: ['ignore', 'ignore', 'ignore', 'ipc'] as StdioOptions }
  const child = fork(program, [JSON.stringify({ path, config })], options)
  // From its first moment on, so that all its threads have it: whoever answers requests goes first.
  setPriority(child.pid!, constants.priority.PRIORITY_LOW)
  child.on('message', (message) => {
    const said = message as ThreadMessage<string>
    if (said.type === 'message') onMessage(said.text)
    else if (said.type === 'progress') onProgress(said.progress)
  })
  // What it has finished is on disk: it may be ended at any moment.
  const stop = () => {
    child.kill('SIGTERM')
    setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS).unref()
  }
  signal.addEventListener('abort', stop)
  const [code, killedBy] = await once(child, 'exit')
  signal.removeEventListener('abort', stop)
  if (killedBy && !signal.aborted) onMessage(`The trainer was ended by ${killedBy}; the next one goes on from there.`)
  else if (code !== 0 && !signal.aborted)
    onMessage(`The trainer ended with code ${code}; the next one goes on from there.`)
}
