import { type ErrorCode, TributaryError } from '../errors.ts'

/** As kafkajs throws it: with the protocol's name of the error, if the cluster answered one. */
interface KafkaError extends Error {
  readonly type?: string
  readonly retriable?: boolean
}

/** https://kafka.apache.org/protocol#protocol_error_codes; undefined for faults of the connection. */
export function typeOf(error: unknown): string | undefined {
  return rootOf(error).type
}

/** Whether the same request may succeed later. */
export function isRetriable(error: unknown): boolean {
  return codeOf(rootOf(error)) === 'UNAVAILABLE'
}

/** @param what failed, to follow "cannot" */
export function asTributaryError(what: string, brokers: string, error: unknown): TributaryError {
  if (error instanceof TributaryError) return error
  const cause = rootOf(error)
  const code = codeOf(cause)
  const message = `cannot ${what}, Kafka at ${brokers}: ${cause.message.replace(/\.*$/, '.')} ${ADVICE[code] ?? ''}`
  return new TributaryError(code, message.trimEnd(), { brokers, kafka: cause.type }, error)
}

const ADVICE: Partial<Record<ErrorCode, string>> = {
  UNAVAILABLE: 'Is it running, and can its advertised address be reached from here?',
  BAD_USAGE: 'Check user, password, mechanism, TLS, what the user may do (ACL), and the options of the topics.',
  BAD_INPUT: 'Raise max.message.bytes of the topic, or send less at a time.',
}

const MISUSE = /AUTH|SASL|SECURITY|INCONSISTENT_GROUP|POLICY_VIOLATION|INVALID_(REPLICATION|CONFIG|SESSION)/i
const TOO_LARGE = /^(MESSAGE_TOO_LARGE|RECORD_LIST_TOO_LARGE)$/
/** Answers of the cluster that kafkajs takes for final. They are not for one who asks anew whom to ask, or who to be. */
const MOVED = /COORDINATOR|GROUP_LOAD|SEQUENCE_NUMBER|PRODUCER_(ID|EPOCH)/
/** Of kafkajs's own faults: the others come of connections that break at a bad moment. */
const FINAL = /NotImplemented|DoesNotSupport|Unsupported/

function codeOf({ type, name, retriable, message }: KafkaError): ErrorCode {
  if (MISUSE.test(type ?? name)) return 'BAD_USAGE'
  if (type === undefined) {
    const known = name.startsWith('KafkaJS') ? !FINAL.test(name) : message === 'Broker not connected'
    return known ? 'UNAVAILABLE' : 'INTERNAL'
  }
  if (TOO_LARGE.test(type)) return 'BAD_INPUT'
  return retriable || MOVED.test(type) ? 'UNAVAILABLE' : 'INTERNAL'
}

/** kafkajs wraps errors, also one that is retriable into one that is not. */
function rootOf(error: unknown): KafkaError {
  let root = error as KafkaError
  while (root.cause instanceof Error) root = root.cause as KafkaError
  return root
}
