const { stdout } = process
/** Without a terminal, a status is worth a line only so often. */
const STATUS_INTERVAL_MS = 2000

/** Lines for people, with one status line below them that is written over and over where there is a terminal. */
export interface Terminal {
  line(text: string): void
  status(text: string): void
  /** Leaves the last status standing. */
  end(): void
}

export function openTerminal(): Terminal {
  let status = ''
  let statusMs = 0
  return {
    line(text) {
      if (stdout.isTTY && status) stdout.write('\r\x1b[K')
      stdout.write(`${text}\n`)
      if (stdout.isTTY && status) stdout.write(status)
    },
    status(text) {
      if (stdout.isTTY) {
        status = text.slice(0, stdout.columns - 1)
        stdout.write(`\r\x1b[K${status}`)
      } else if (text !== status && performance.now() - statusMs >= STATUS_INTERVAL_MS) {
        statusMs = performance.now()
        status = text
        stdout.write(`${text}\n`)
      }
    },
    end() {
      if (stdout.isTTY && status) stdout.write('\n')
      status = ''
    },
  }
}
