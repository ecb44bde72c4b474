import type { Broker, Message } from '../broker/broker.ts'
import { TributaryError } from '../errors.ts'
import type { Topic } from '../events/topics.ts'

/**
 * Resolves when the broker has the messages.
 * @param what they are, for people
 * @throws TributaryError UNAVAILABLE when the broker fails
 */
export async function publish(
  broker: Pick<Broker, 'produce'>,
  topic: Topic,
  messages: readonly Message[],
  what: string,
): Promise<void> {
  try {
    await broker.produce(topic, messages)
  } catch (cause) {
    throw new TributaryError('UNAVAILABLE', `the broker did not take ${what}; send it again`, {}, cause)
  }
}
