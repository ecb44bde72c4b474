/** The closed list of what can go wrong in a way the program knows about. */
export type ErrorCode =
  | 'BAD_USAGE' // the command line or the configuration is wrong: exit code 2
  | 'BAD_INPUT' // a file or a request cannot be read as what it should be
  | 'FENCED' // a newer owner has taken the partition: stop, do not retry
  | 'BEHIND_LOG' // a stored offset is not in the log (any more)
  | 'UNAVAILABLE' // a server cannot be reached just now
  | 'CORRUPT' // stored bytes are not what was written
  | 'INTERNAL' // a broken invariant: a bug

export class TributaryError extends Error {
  readonly code: ErrorCode
  /** Whether the same call may succeed later. */
  readonly retriable: boolean
  readonly context: Readonly<Record<string, unknown>>

  /** @param message what is wrong, where, and what to do about it */
  constructor(code: ErrorCode, message: string, context: Record<string, unknown> = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'TributaryError'
    this.code = code
    this.retriable = code === 'UNAVAILABLE'
    this.context = context
  }
}
