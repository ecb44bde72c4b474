import { setTimeout as delay } from 'node:timers/promises'

/** How work that comes in pieces shares its thread with others. Rejects with what a piece throws. */
export type Pace = <T>(piece: () => T) => Promise<T>

/** Of the thread's time, what may go into work that nobody waits for. */
const SHARE = 0.1

/**
 * For work that nobody waits for on a thread that answers requests: resolves when the thread has been free of it for so
 * long that, one piece after the other, it takes no more than a tenth of the thread's time. How late a request can be for
 * it is then the length of one piece: a millisecond or two is little.
 */
export const inPassing: Pace = async (piece) => {
  const startedAt = performance.now()
  const outcome = piece()
  await delay((performance.now() - startedAt) * (1 / SHARE - 1))
  return outcome
}

/** For work that is waited for: others get a turn between two pieces. */
export const atOnce: Pace = async (piece) => {
  const outcome = piece()
  await new Promise(setImmediate)
  return outcome
}
