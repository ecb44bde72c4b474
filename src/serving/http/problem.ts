import type { FastifyReply } from 'fastify'
import { TributaryError } from '../../errors.ts'

/** Every kind of problem an answer can name, with its status and title. */
const KINDS = {
  'invalid-parameter': [400, 'A parameter is not valid'],
  'malformed-request': [400, 'The request cannot be read'],
  'not-found': [404, 'There is no such thing'],
  'request-timeout': [408, 'The request took too long to arrive'],
  'body-too-large': [413, 'The body is too large'],
  'uri-too-long': [414, 'The address is too long'],
  'unsupported-media-type': [415, 'The body has a type that is not taken here'],
  'headers-too-large': [431, 'The headers are too large'],
  internal: [500, 'The server failed'],
  overloaded: [503, 'The server has too much to do'],
  unavailable: [503, 'Not available just now'],
} as const satisfies Record<string, readonly [status: number, title: string]>

export type ProblemKind = keyof typeof KINDS

/** A problem that will be answered as `application/problem+json` (RFC 9457). */
export class Problem extends Error {
  readonly kind: ProblemKind
  readonly status: number
  /** The parameter or field to blame, where there is one. */
  readonly parameter: string | undefined

  /** @param detail what is wrong, where, and what to do about it; never anything the caller should not see */
  constructor(kind: ProblemKind, detail: string, parameter?: string) {
    super(detail)
    this.name = 'Problem'
    this.kind = kind
    this.status = KINDS[kind][0]
    this.parameter = parameter
  }
}

/** Sends the problem; 503 carries Retry-After in seconds. */
export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  if (problem.status === 503) reply.header('retry-after', '1')
  const path = reply.request.raw.url?.split('?', 1)[0] ?? '/'
  return reply.code(problem.status).type('application/problem+json').send(problemDocument(problem, path))
}

/** @param instance the path that was asked for */
export function problemDocument(problem: Problem, instance: string): string {
  return JSON.stringify({
    type: `urn:tributary:problem:${problem.kind}`,
    title: KINDS[problem.kind][1],
    status: problem.status,
    detail: problem.message,
    instance: instance.slice(0, 256),
    parameter: problem.parameter,
  })
}

/** What a caller is told of an error. Everything that is not known to be theirs is `internal` and says nothing more. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error
  if (error instanceof TributaryError) return fromTributaryError(error)
  const { code, statusCode, message } = error as { code?: string; statusCode?: number; message?: string }
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new Problem('body-too-large', 'The body is larger than 1 MiB: send it in several requests.')
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new Problem('unsupported-media-type', 'The body must be JSON: send Content-Type: application/json.')
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return new Problem('uri-too-long', 'The id in the path is too long: ids have at most 128 characters.')
    case 'FST_ERR_BAD_URL':
      return new Problem('malformed-request', 'The path is not valid percent-encoded UTF-8.')
  }
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new Problem('malformed-request', `The request cannot be read: ${message ?? 'no more is known'}.`)
  }
  return new Problem('internal', 'The server failed to answer; its own log has the cause.')
}

function fromTributaryError(error: TributaryError): Problem {
  if (error.code === 'BAD_INPUT') {
    const { parameter } = error.context
    return new Problem('invalid-parameter', error.message, typeof parameter === 'string' ? parameter : undefined)
  }
  if (error.code === 'UNAVAILABLE') {
    return new Problem('unavailable', 'Something this needs cannot be reached just now: try again shortly.')
  }
  return new Problem('internal', 'The server failed to answer; its own log has the cause.')
}
