import { type ErrorCode, TributaryError } from '../errors.ts'

/** ClickHouse's names of what passes by waiting: overload, a restart, a lost replica, a network that is away. */
const PASSING: ReadonlySet<string> = new Set([
  'ABORTED',
  'ALL_CONNECTION_TRIES_FAILED',
  'CANNOT_SCHEDULE_TASK',
  'KEEPER_EXCEPTION',
  'MEMORY_LIMIT_EXCEEDED',
  'NETWORK_ERROR',
  'NOT_ENOUGH_SPACE',
  'QUERY_WAS_CANCELLED',
  'SOCKET_TIMEOUT',
  'TABLE_IS_READ_ONLY',
  'TIMEOUT_EXCEEDED',
  'TOO_MANY_PARTS',
  'TOO_MANY_SIMULTANEOUS_QUERIES',
])

/** What whoever runs the program can mend, and how. */
const MENDABLE: Readonly<Record<string, string>> = {
  ACCESS_DENIED: 'grant the user that right',
  AUTHENTICATION_FAILED: 'check the user name and the password',
  REQUIRED_PASSWORD: 'set the password',
  UNKNOWN_DATABASE: 'create the database',
}

export interface Attempt {
  /** As in "cannot append". */
  readonly doing: string
  /** A folder or an address. */
  readonly where: string
  /** The code of what ClickHouse refuses and neither waiting nor configuring mends. */
  readonly refused: Extract<ErrorCode, 'BAD_INPUT' | 'INTERNAL'>
}

export function toTributaryError(cause: unknown, { doing, where, refused }: Attempt): TributaryError {
  const message = cause instanceof Error ? cause.message.trim() : String(cause)
  const type = clickHouseType(cause)
  if (type !== undefined) {
    const mend = MENDABLE[type]
    const code = PASSING.has(type) ? 'UNAVAILABLE' : mend === undefined ? refused : 'BAD_USAGE'
    const advice = mend === undefined ? '' : `: ${mend}`
    const text = `cannot ${doing} the event log at ${where}: ${message} (${type})${advice}`
    return new TributaryError(code, text, { where, clickHouseType: type }, cause)
  }
  // Neither an answer of ClickHouse nor a bug of ours: the connection failed, timed out, or led somewhere else.
  const bug = cause instanceof TypeError || cause instanceof RangeError || cause instanceof ReferenceError
  const text = `cannot ${doing} the event log at ${where}: ${message || 'no connection'}`
  return new TributaryError(bug ? 'INTERNAL' : 'UNAVAILABLE', text, { where }, cause)
}

/** By name rather than by class: chDB's connection throws the class of another copy of the client. */
function clickHouseType(cause: unknown): string | undefined {
  if (!(cause instanceof Error) || cause.constructor.name !== 'ClickHouseError') return undefined
  return (cause as Error & { type?: string }).type ?? 'UNKNOWN'
}
