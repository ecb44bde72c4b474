import { isUtf8 } from 'node:buffer'
import type { FastifyInstance } from 'fastify'
import { Problem } from './problem.ts'

/** Bodies are JSON in valid UTF-8, or they are refused; nothing is replaced silently. */
export function acceptJsonOnly(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    try {
      done(null, parse(body as Buffer))
    } catch (error) {
      done(error as Error)
    }
  })
}

function parse(body: Buffer): unknown {
  if (body.length === 0) throw new Problem('malformed-request', 'The body is empty: send a JSON document.')
  if (!isUtf8(body)) throw new Problem('malformed-request', 'The body is not valid UTF-8.')
  try {
    // `__proto__` becomes a plain property here, which every schema refuses as unknown.
    return JSON.parse(body.toString('utf8'))
  } catch (cause) {
    throw new Problem('malformed-request', `The body is not JSON: ${(cause as Error).message}.`)
  }
}
