import type { Topic } from '../events/topics.ts'
import type { Broker, LogRecord } from './broker.ts'

/** Records of one read. */
const PAGE = 4096

/** All that a topic has at the call, partition by partition. */
export async function* recordsOf(broker: Pick<Broker, 'read' | 'bounds'>, topic: Topic): AsyncGenerator<LogRecord> {
  const bounds = await broker.bounds(topic)
  for (const [partition, { begin, end }] of bounds.entries()) {
    for (let offset = begin; offset < end; ) {
      const records = await broker.read(topic, partition, offset, PAGE)
      if (records.length === 0) break
      yield* records
      offset = records.at(-1)!.offset + 1
    }
  }
}
