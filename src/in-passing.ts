import { setTimeout as delay } from 'node:timers/promises'

/** Of the thread's time, what may go into work that nobody waits for. */
const SHARE = 0.1

/**
 * Does a piece of work that nobody waits for on a thread that answers requests: at once, and resolves when the thread has
 * been free of it for so long that, one piece after the other, it takes no more than a tenth of the thread's time. How late
 * a request can be for it is then the length of one piece: a millisecond or two is little.
 */
export async function inPassing<T>(piece: () => T): Promise<T> {
  const startedAt = performance.now()
  const outcome = piece()
  await delay((performance.now() - startedAt) * (1 / SHARE - 1))
  return outcome
}
