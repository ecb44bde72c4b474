import type { Broker, LogRecord, Message } from '../../src/broker/broker.ts'
import { decode, type EventOf } from '../../src/events/codec.ts'
import type { Topic } from '../../src/events/topics.ts'

/** Keeps what is produced; `failure` makes it refuse, `hold` makes it wait. */
export class FakeBroker implements Pick<Broker, 'produce' | 'read' | 'bounds'> {
  readonly messages: { topic: Topic; message: Message }[] = []
  readonly batches: { topic: Topic; size: number }[] = []
  failure: Error | undefined
  hold: Promise<void> | undefined
  /** Called with what has been taken. */
  onProduce: (topic: Topic, messages: readonly Message[]) => void = () => {}

  async produce(topic: Topic, messages: readonly Message[]) {
    await this.hold
    if (this.failure) throw this.failure
    this.batches.push({ topic, size: messages.length })
    const positions = messages.map((message) => ({
      partition: 0,
      offset: this.messages.push({ topic, message }) - 1,
    }))
    this.onProduce(topic, messages)
    return positions
  }

  async read(topic: Topic, _partition: number, from: number, limit: number): Promise<LogRecord[]> {
    return this.#recordsOf(topic).slice(from, from + limit)
  }

  async bounds(topic: Topic) {
    return [{ begin: 0, end: this.#recordsOf(topic).length }]
  }

  #recordsOf(topic: Topic): LogRecord[] {
    const kept = this.messages.filter((entry) => entry.topic === topic)
    return kept.map(({ message: { key, value } }, offset) => ({ offset, key, value }))
  }

  /** The events of a topic, decoded as a consumer would; throws where one does not decode. */
  events<T extends Topic>(topic: T): EventOf[T][] {
    return this.messages
      .filter((entry) => entry.topic === topic)
      .map(({ message }) => {
        const decoded = decode(topic, message.value)
        if (!decoded.ok) throw new Error(`${topic}: ${decoded.reason}`)
        return decoded.event
      })
  }
}
