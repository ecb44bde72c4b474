import { setTimeout as sleep } from 'node:timers/promises'
import { backOffMs } from '../broker/back-off.ts'
import { TributaryError } from '../errors.ts'

/** A server that is away is mentioned again after so long. */
const MENTION_EVERY_MS = 10_000

/**
 * Tries again while a server is away, for ever and not silently: parts of a deployment are started in any order, and
 * one that runs waits for servers as well.
 * @throws TributaryError what waiting does not mend, and the last failure once the signal is aborted
 */
export async function whenAvailable<T>(action: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  let mentionedMs = Number.NEGATIVE_INFINITY
  for (let attempt = 0; ; attempt++) {
    try {
      return await action()
    } catch (error) {
      if (signal?.aborted || !(error instanceof TributaryError && error.retriable)) throw error
      if (performance.now() - mentionedMs >= MENTION_EVERY_MS) {
        console.error(`${error.message} Trying again.`)
        mentionedMs = performance.now()
      }
      await sleep(backOffMs(attempt), undefined, { signal }).catch(() => {})
    }
  }
}
