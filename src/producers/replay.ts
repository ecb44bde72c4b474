import { setTimeout as sleep } from 'node:timers/promises'
import { TributaryError } from '../errors.ts'
import { produceCatalogue } from './catalogue.ts'
import type { ReplayClock, ReplayOptions, ReplayOutcome } from './replay-options.ts'
import { ReplayPass } from './replay-pass.ts'
import { findResumePoint, type ResumePoint } from './resume-point.ts'

const FIRST_RETRY_MS = 500
const MAX_RETRY_MS = 30_000

/**
 * Produces the catalogue and the profiles, then the interactions in stream order to `ratings`, and goes on exactly where
 * the log ends, whatever ended the replay before. One replay of a data set at a time.
 * @throws TributaryError BAD_INPUT where the log was written from other data of the same name
 */
export async function replay(options: ReplayOptions): Promise<ReplayOutcome> {
  const { broker, dataset, again = false, signal } = options
  const found = await untilAvailable(options, () => findResumePoint(broker, dataset.name))
  if (!found) return { end: 'stopped', produced: 0, position: 0, catalogue: { items: 0, users: 0 }, run: 0 }
  const start = again || found.run === 0 ? beginning(found.run + 1, broker.partitions) : found
  const send = start === found ? 'missing' : 'changed'
  const catalogue = (await untilAvailable(options, () =>
    produceCatalogue(broker, dataset, { send, ...(signal ? { signal } : {}) }),
  )) ?? { items: 0, users: 0 }

  let reached = start
  const outcome = await untilAvailable(options, async (isRetry) => {
    // a batch that was refused may have been written all the same, in part: only the log knows
    if (isRetry) reached = await currentPoint(broker, dataset.name, start)
    return new ReplayPass({ clock: WALL_CLOCK, ...options }, start, reached).run()
  })
  const position = Math.max(...reached.sequences) + 1
  return { end: 'stopped', produced: 0, position, ...outcome, catalogue, run: start.run }
}

function beginning(run: number, partitions: number): ResumePoint {
  return { run, sequences: new Array(partitions).fill(-1), records: new Array(partitions).fill(undefined) }
}

/** Where the log ends for the run that began at `start`, of which there may be nothing yet. */
async function currentPoint(broker: ReplayOptions['broker'], dataset: string, start: ResumePoint) {
  const found = await findResumePoint(broker, dataset)
  return found.run === start.run ? found : start
}

/** Tries again while the broker is away; undefined once the signal is aborted. */
async function untilAvailable<T>(
  { clock = WALL_CLOCK, signal, onRetry }: ReplayOptions,
  attempt: (isRetry: boolean) => Promise<T>,
): Promise<T | undefined> {
  for (let waitMs = FIRST_RETRY_MS, isRetry = false; !signal?.aborted; isRetry = true) {
    try {
      return await attempt(isRetry)
    } catch (error) {
      if (signal?.aborted && error === signal.reason) return undefined
      if (!(error instanceof TributaryError && error.retriable)) throw error
      onRetry?.(error, waitMs)
      await clock.sleep(waitMs, signal)
      waitMs = Math.min(waitMs * 2, MAX_RETRY_MS)
    }
  }
  return undefined
}

const WALL_CLOCK: ReplayClock = {
  now: () => performance.now(),
  sleep: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => {}),
}
