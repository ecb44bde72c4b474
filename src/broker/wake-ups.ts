import { BroadcastChannel } from 'node:worker_threads'

/**
 * Tells those who wait for records that there may be some: at once within the thread, by a broadcast to the other
 * threads of the process, and by a poll for what other processes write.
 */
export class WakeUps {
  readonly #channel: BroadcastChannel
  readonly #pollIntervalMs: number
  readonly #listeners = new Set<() => void>()
  #poll: NodeJS.Timeout | undefined

  constructor(name: string, pollIntervalMs: number) {
    this.#pollIntervalMs = pollIntervalMs
    this.#channel = new BroadcastChannel(name)
    // Messages would pile up in a channel that nobody hears.
    this.#channel.onmessage = () => this.#wake()
    this.#channel.unref()
  }

  /** To be called once the records can be read. */
  announce(): void {
    this.#channel.postMessage(null)
    this.#wake()
  }

  /** The poll keeps the process alive as long as someone listens. Answers how to stop listening. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener)
    this.#poll ??= setInterval(() => this.#wake(), this.#pollIntervalMs)
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size > 0) return
      clearInterval(this.#poll)
      this.#poll = undefined
    }
  }

  close(): void {
    this.#channel.close()
    clearInterval(this.#poll)
  }

  #wake(): void {
    for (const listener of this.#listeners) listener()
  }
}
