import { setTimeout as delay } from 'node:timers/promises'
import { backOffMs } from '../broker/back-off.ts'
import type { Broker, Consumer } from '../broker/broker.ts'
import { partitionFor } from '../events/topics.ts'
import { RELEASE_NAME, releaseIn } from './announcements.ts'

/** A folder that is shared may show a release later than the topic announces it. */
const ATTEMPTS = 6

export interface FollowOptions {
  readonly broker: Pick<Broker, 'subscribe' | 'bounds' | 'partitions'>
  /**
   * Brings a release into service. One call at a time; what is announced meanwhile waits, and of that the latest alone is
   * taken. Where it rejects, what was in service stays there. A retriable rejection is tried again.
   */
  readonly take: (version: string) => Promise<void>
  /** Told of what could not be taken. */
  readonly onFailure: (version: string, error: unknown) => void
}

export interface ReleaseFollower {
  /** Resolves when what is announced last has been taken or given up. */
  settled(): Promise<void>
  stop(): Promise<void>
}

/** Follows the topic `releases`. Resolves when what had been announced before the call has been taken or given up. */
export async function followReleases({ broker, take, onFailure }: FollowOptions): Promise<ReleaseFollower> {
  const stopping = new AbortController()
  const partition = partitionFor(RELEASE_NAME, broker.partitions)
  const { begin, end } = (await broker.bounds('releases'))[partition]!
  const caughtUp = Promise.withResolvers<void>()
  if (begin === end) caughtUp.resolve()
  let waiting: string | undefined
  let taking: Promise<void> | undefined

  async function takeLatest(): Promise<void> {
    while (waiting !== undefined && !stopping.signal.aborted) {
      const version = waiting
      waiting = undefined
      await attempt(version)
    }
    taking = undefined
  }

  async function attempt(version: string): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await take(version)
      } catch (error) {
        const again = (error as { retriable?: boolean }).retriable === true && attempt + 1 < ATTEMPTS
        if (!again || waiting !== undefined || stopping.signal.aborted) return onFailure(version, error)
        await delay(backOffMs(attempt), undefined, { signal: stopping.signal }).catch(() => {})
      }
    }
  }

  const consumer: Consumer = await broker.subscribe({
    group: null,
    topics: ['releases'],
    assigned: async () => ({}),
    revoked: async () => {},
    handle: async (batch) => {
      for (const { value } of batch.records) waiting = releaseIn(value)?.version ?? waiting
      // Loading takes long and must not hold up what comes behind: that replaces it.
      if (batch.partition === partition && batch.next >= end) {
        taking ??= takeLatest()
        caughtUp.resolve()
      }
    },
  })
  await Promise.race([caughtUp.promise, consumer.done])
  await taking
  return {
    settled: async () => {
      while (taking) await taking
    },
    stop: async () => {
      stopping.abort()
      await consumer.stop()
      await taking
    },
  }
}
