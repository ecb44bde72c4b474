import type { ServedRelease } from './served-release.ts'

/** The release in use for as long as one request takes. */
export interface Hold {
  readonly release: ServedRelease | undefined
  /** To be called once, however the request ends. */
  end(): void
}

/**
 * Where the release in service is. A request takes hold of it and keeps it to its end, whatever is swapped in meanwhile;
 * one that has been replaced is closed when the last request lets go of it.
 */
export class ReleaseSlot {
  #current: ServedRelease | undefined
  readonly #holders = new Map<ServedRelease, number>()
  /** Why the release that was announced last is not the one in service; undefined where it is. */
  problem: string | undefined

  get current(): ServedRelease | undefined {
    return this.#current
  }

  swap(next: ServedRelease): void {
    const before = this.#current
    this.#current = next
    this.problem = undefined
    if (before && !this.#holders.has(before)) before.close()
  }

  hold(): Hold {
    const release = this.#current
    if (release) this.#holders.set(release, (this.#holders.get(release) ?? 0) + 1)
    return { release, end: () => release && this.#letGo(release) }
  }

  #letGo(release: ServedRelease): void {
    const others = this.#holders.get(release)! - 1
    if (others > 0) {
      this.#holders.set(release, others)
      return
    }
    this.#holders.delete(release)
    if (release !== this.#current) release.close()
  }
}
