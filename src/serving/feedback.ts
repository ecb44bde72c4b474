import { randomUUID } from 'node:crypto'
import type { Broker } from '../broker/broker.ts'
import { TributaryError } from '../errors.ts'
import { encode, MAX_AHEAD_MS } from '../events/codec.ts'
import type { Interaction } from '../events/types.ts'
import { publish } from './publish.ts'

/** An interaction as a client reports it: `at` (ms, event time) is now unless given. */
export type Feedback = Omit<Interaction, 'eventId' | 'at'> & { readonly at?: number }

/**
 * Appends to the topic `feedback`, keyed by user, in the order given; resolves when the broker has all of it.
 * @param now event time, for what does not say when it happened
 * @returns the ids of the events, in the order given
 * @throws TributaryError BAD_INPUT where `at` lies more than a day ahead of the wall clock, UNAVAILABLE when the broker fails
 */
export async function publishFeedback(
  broker: Pick<Broker, 'produce'>,
  feedback: readonly Feedback[],
  now: () => number,
): Promise<string[]> {
  const latest = Date.now() + MAX_AHEAD_MS
  const ahead = feedback.findIndex(({ at }) => at !== undefined && at > latest)
  if (ahead >= 0) {
    const what = `Fact number ${ahead + 1}: at ${feedback[ahead]!.at} is more than a day ahead of the clock`
    const message = `${what}: send milliseconds since 1970, or leave it out for now.`
    throw new TributaryError('BAD_INPUT', message, { parameter: 'at' })
  }
  const events = feedback.map((one): Interaction => ({ ...one, eventId: randomUUID(), at: one.at ?? now() }))
  const messages = events.map((event) => ({ key: event.userId, value: encode('feedback', event) }))
  await publish(broker, 'feedback', messages, 'the feedback')
  return events.map((event) => event.eventId)
}
