import type { Bounds, LogRecord, Message, Position } from '../../src/broker/broker.ts'
import { partitionFor, type Topic } from '../../src/events/topics.ts'
import type { Interaction } from '../../src/events/types.ts'

/** As much of a broker as producers need, in memory. */
export class FakeLog {
  readonly partitions: number
  readonly #logs = new Map<string, LogRecord[]>()
  /** Called before each batch is written. May throw, or change the batch. */
  beforeProduce: (topic: Topic, messages: readonly Message[]) => readonly Message[] | Promise<readonly Message[]>
  readonly batches: { topic: Topic; size: number }[] = []

  constructor(partitions = 4) {
    this.partitions = partitions
    this.beforeProduce = (_, messages) => messages
  }

  log(topic: Topic, partition: number): LogRecord[] {
    const key = `${topic}/${partition}`
    const log = this.#logs.get(key) ?? []
    this.#logs.set(key, log)
    return log
  }

  async produce(topic: Topic, messages: readonly Message[]): Promise<readonly Position[]> {
    const accepted = await this.beforeProduce(topic, messages)
    this.batches.push({ topic, size: accepted.length })
    return accepted.map((message) => this.append(topic, message))
  }

  append(topic: Topic, { key, value, partition = partitionFor(key, this.partitions) }: Message): Position {
    const log = this.log(topic, partition)
    log.push({ offset: log.length, key, value })
    return { partition, offset: log.length - 1 }
  }

  async read(topic: Topic, partition: number, from: number, limit: number): Promise<readonly LogRecord[]> {
    return this.log(topic, partition).slice(from, from + limit)
  }

  async bounds(topic: Topic): Promise<readonly Bounds[]> {
    return Array.from({ length: this.partitions }, (_, partition) => ({
      begin: 0,
      end: this.log(topic, partition).length,
    }))
  }

  /** The events of a topic, partition after partition. */
  events<T = Interaction>(topic: Topic): T[][] {
    return Array.from({ length: this.partitions }, (_, partition) =>
      this.log(topic, partition).map(({ value }) => JSON.parse(Buffer.from(value).toString())),
    )
  }
}
