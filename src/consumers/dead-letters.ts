import type { Broker, LogRecord } from '../broker/broker.ts'
import { encode } from '../events/codec.ts'
import type { Topic } from '../events/topics.ts'

export type Refused = LogRecord & { readonly reason: string }

const VALUE_BYTES = 64 * 1024
/** A reason quotes what it refuses, which may be of any size. */
const REASON_CHARACTERS = 1000

/**
 * To be called before the offset is committed: a crash in between may bury an event twice, never lose it. Topic,
 * partition and offset in the letter tell the copies apart.
 */
export async function bury(
  broker: Pick<Broker, 'produce'>,
  topic: Topic,
  partition: number,
  refused: readonly Refused[],
): Promise<void> {
  const at = Date.now()
  const letters = refused.map(({ offset, key, value, reason }) => ({
    key: `${topic}-${partition}`,
    value: encode('dead-letters', {
      topic,
      partition,
      offset,
      reason: reason.slice(0, REASON_CHARACTERS),
      key: Buffer.from(key).toString('base64'),
      value: Buffer.from(value.subarray(0, VALUE_BYTES)).toString('base64'),
      at,
    }),
  }))
  await broker.produce('dead-letters', letters)
}
