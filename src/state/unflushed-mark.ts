import { closeSync, existsSync, fsyncSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { uptime } from 'node:os'
import { join } from 'node:path'

/** Two readings of one boot's time differ by less, as the clock is corrected; two boots are further apart. */
const SAME_BOOT_MS = 60_000

/**
 * A file that says that a store in this folder has been written to without flushing, and since which boot of the
 * machine. While that boot lasts all is well, whatever becomes of processes; a mark of an earlier boot means that the
 * machine went down before the store was flushed.
 */
export class UnflushedMark {
  readonly #folder: string
  readonly #bootedAt: number
  #isSet = false

  /** @param bootedAt when the machine was booted, ms */
  constructor(folder: string, bootedAt = Date.now() - uptime() * 1000) {
    this.#folder = folder
    this.#bootedAt = bootedAt
  }

  /** Whether what is in the folder may be torn. */
  isStale(): boolean {
    if (!existsSync(this.#file)) return false
    return !(Math.abs(Number(readFileSync(this.#file, 'utf8')) - this.#bootedAt) < SAME_BOOT_MS)
  }

  /** Before the first write. */
  set(): void {
    if (this.#isSet) return
    this.#isSet = true
    writeFileSync(this.#file, String(Math.round(this.#bootedAt)), { flush: true })
  }

  /** After the last write: flushes the store, and then only takes the mark away. */
  clear(): void {
    if (!this.#isSet) return
    this.#isSet = false
    const data = openSync(join(this.#folder, 'data.mdb'), 'r+')
    fsyncSync(data)
    closeSync(data)
    rmSync(this.#file, { force: true })
  }

  get #file(): string {
    return join(this.#folder, 'unflushed')
  }
}
