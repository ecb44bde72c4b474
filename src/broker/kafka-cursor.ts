import type { Topic } from '../events/topics.ts'
import type { LogRecord } from './broker.ts'
import type { FetchPosition } from './kafka-reader.ts'
import type { ReadLimits } from './log-consumer.ts'

/** A partition of a topic as one consumer reads it: what has been fetched and not been handled yet. */
export class KafkaCursor implements FetchPosition {
  readonly topic: Topic
  readonly partition: number
  #offset: number
  #records: LogRecord[] = []
  /** Of the first record that has not been handled. */
  #head = 0
  #aheadBytes = 0

  constructor(topic: Topic, partition: number, offset: number) {
    this.topic = topic
    this.partition = partition
    this.#offset = offset
  }

  /** To be fetched next. */
  get offset(): number {
    return this.#offset
  }

  /** Keys and values fetched and not handled. */
  get aheadBytes(): number {
    return this.#aheadBytes
  }

  /** Takes in what follows. */
  add(records: readonly LogRecord[]): void {
    const last = records.at(-1)
    if (!last) return
    this.#records = this.#records.slice(this.#head).concat(records)
    this.#head = 0
    for (const record of records) this.#aheadBytes += bytesOf(record)
    this.#offset = last.offset + 1
  }

  /** Records from offset `from` on, which says that those before it have been handled. */
  take(from: number, max: ReadLimits): LogRecord[] {
    for (let record = this.#records[this.#head]; record && record.offset < from; record = this.#records[++this.#head]) {
      this.#aheadBytes -= bytesOf(record)
    }
    let end = this.#head
    for (let bytes = 0; end < this.#records.length && end - this.#head < max.records && bytes < max.bytes; end++) {
      bytes += bytesOf(this.#records[end]!)
    }
    return this.#records.slice(this.#head, end)
  }
}

function bytesOf({ key, value }: LogRecord): number {
  return key.length + value.length
}
