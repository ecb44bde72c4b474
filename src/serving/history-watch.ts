export interface HistoryWatchOptions {
  /** Of each user, a text that changes when the history does. */
  readonly versions: (userIds: readonly string[]) => Promise<readonly string[]>
  /** How often the state is asked while anybody is watched. Default 5. */
  readonly intervalMs?: number
}

interface Watched {
  version: string | undefined
  readonly listeners: Set<() => void>
}

/**
 * Tells when a user's history has changed, whoever folded it: asks the state for all watched users at once, one reading
 * at a time, and not at all while nobody is watched. What cannot be read now is read again.
 */
export class HistoryWatch {
  readonly #options: Required<HistoryWatchOptions>
  readonly #watched = new Map<string, Watched>()
  #timer: NodeJS.Timeout | undefined

  constructor(options: HistoryWatchOptions) {
    this.#options = { intervalMs: 5, ...options }
  }

  /** Answers how to stop. The first call of the listener comes with the first change after the next reading. */
  watch(userId: string, listener: () => void): () => void {
    const watched = this.#watched.get(userId) ?? { version: undefined, listeners: new Set() }
    watched.listeners.add(listener)
    this.#watched.set(userId, watched)
    this.#timer ??= setTimeout(this.#look, 0)
    return () => {
      watched.listeners.delete(listener)
      if (watched.listeners.size === 0) this.#watched.delete(userId)
    }
  }

  readonly #look = async () => {
    try {
      const users = [...this.#watched]
      const versions = await this.#options.versions(users.map(([userId]) => userId))
      users.forEach(([, watched], i) => {
        const before = watched.version
        watched.version = versions[i]!
        if (before !== undefined && before !== watched.version) for (const listener of watched.listeners) listener()
      })
    } catch {
      // The slate itself says what is missing; here the next look is soon enough.
    }
    this.#timer = this.#watched.size > 0 ? setTimeout(this.#look, this.#options.intervalMs) : undefined
    this.#timer?.unref()
  }
}
