import { partitionFor, type Topic } from '../events/topics.ts'
import type { Message, Position } from './broker.ts'

/** Messages for one partition of one topic. */
export interface Appends {
  readonly topic: Topic
  readonly partition: number
  readonly messages: Message[]
}

/** Writes all or nothing; resolves to the offset of the first message of each, in the order given. */
export type CommitAppends = (appends: readonly Appends[]) => Promise<readonly number[]>

interface Call {
  readonly topic: Topic
  readonly messages: readonly Message[]
  readonly bytes: number
  readonly resolve: (positions: readonly Position[]) => void
  readonly reject: (error: unknown) => void
}

export interface AppendQueueOptions {
  /** Calls are gathered into one commit up to this size; a single call is never divided. Default 4 MiB. */
  readonly maxCommitBytes?: number
  /** What a message counts beside its key and value. Default 0. */
  readonly messageBytes?: number
}

const MAX_COMMIT_BYTES = 4 * 1024 * 1024

/**
 * Group commit: while one commit is under way the calls that come in wait, and go together in the next. A lone call
 * goes at once, and thousands a second share a transaction with their neighbours.
 */
export class AppendQueue {
  readonly #partitions: number
  readonly #commit: CommitAppends
  readonly #maxCommitBytes: number
  readonly #messageBytes: number
  #waiting: Call[] = []
  #working: Promise<void> | undefined

  constructor(partitions: number, commit: CommitAppends, options: AppendQueueOptions = {}) {
    this.#partitions = partitions
    this.#commit = commit
    this.#maxCommitBytes = options.maxCommitBytes ?? MAX_COMMIT_BYTES
    this.#messageBytes = options.messageBytes ?? 0
  }

  add(topic: Topic, messages: readonly Message[]): Promise<readonly Position[]> {
    return new Promise((resolve, reject) => {
      let bytes = 0
      for (const { key, value } of messages) bytes += this.#messageBytes + key.length + value.length
      this.#waiting.push({ topic, messages, bytes, resolve, reject })
      this.#working ??= this.#work()
    })
  }

  /** Resolves when nothing waits. */
  async drained(): Promise<void> {
    await this.#working
  }

  async #work(): Promise<void> {
    // Lets the calls of this turn of the event loop come together.
    await undefined
    while (this.#waiting.length > 0) await this.#commitTogether(this.#take())
    this.#working = undefined
  }

  #take(): Call[] {
    let bytes = 0
    const over = this.#waiting.findIndex((call, i) => {
      bytes += call.bytes
      return i > 0 && bytes > this.#maxCommitBytes
    })
    return this.#waiting.splice(0, over === -1 ? this.#waiting.length : over)
  }

  async #commitTogether(calls: readonly Call[]): Promise<void> {
    try {
      const appends = new Map<string, Appends & { readonly index: number }>()
      const places = calls.map(({ topic, messages }) =>
        messages.map((message) => {
          const partition = message.partition ?? partitionFor(message.key, this.#partitions)
          const id = `${topic}/${partition}`
          let append = appends.get(id)
          if (!append) {
            append = { topic, partition, messages: [], index: appends.size }
            appends.set(id, append)
          }
          return { append, place: append.messages.push(message) - 1 }
        }),
      )
      const bases = await this.#commit([...appends.values()])
      for (const [i, call] of calls.entries()) {
        call.resolve(
          places[i]!.map(({ append, place }) => ({
            partition: append.partition,
            offset: bases[append.index]! + place,
          })),
        )
      }
    } catch (error) {
      for (const call of calls) call.reject(error)
    }
  }
}
