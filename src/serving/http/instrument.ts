import type { FastifyInstance, FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify'
import type { Admission } from './admission.ts'
import type { ServingMetrics } from './metrics.ts'
import { Problem } from './problem.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Answered also under overload: what operators look at. */
    alwaysAdmitted?: boolean
  }
  interface FastifyRequest {
    /** When work on it began, by performance.now(); 0 when it has not begun or has ended. */
    startedAt: number
  }
}

/** Every route registered on `app` from now on is admitted, counted and timed. */
export function instrument(app: FastifyInstance, admission: Admission, metrics: ServingMetrics): void {
  app.decorateRequest('startedAt', 0)
  app.addHook('onRoute', (route) => {
    const { url } = route
    const method = String(route.method)
    const latency = metrics.requestSeconds.labels(method, url)
    const statuses = new Map<number, { inc(): void }>()

    route.onRequest = [refuseBadEncoding, ...(route.config?.alwaysAdmitted ? [] : [admit])]
    route.preHandler = [begin]
    route.onSend = [end]

    function admit(_request: FastifyRequest, _reply: FastifyReply, done: HookHandlerDoneFunction) {
      done(admission.refusal())
    }

    // Not before the body has arrived: a slow sender must not hold a place.
    function begin(request: FastifyRequest, _reply: FastifyReply, done: HookHandlerDoneFunction) {
      admission.begin()
      request.startedAt = performance.now()
      done()
    }

    function end(request: FastifyRequest, reply: FastifyReply, _payload: unknown, done: HookHandlerDoneFunction) {
      if (request.startedAt > 0) {
        admission.end()
        latency.observe((performance.now() - request.startedAt) / 1000)
        request.startedAt = 0
      }
      let status = statuses.get(reply.statusCode)
      if (status === undefined) {
        status = metrics.requests.labels(method, url, String(reply.statusCode))
        statuses.set(reply.statusCode, status)
      }
      status.inc()
      done()
    }
  })
}

const PLAIN_ASCII = /^[\x21-\x24\x26-\x7e]*$/
const ASCII = /^[\x21-\x7e]*$/

/** The parsers would pass raw bytes and invalid percent-encoding on as they stand. */
function refuseBadEncoding(request: FastifyRequest, _reply: FastifyReply, done: HookHandlerDoneFunction): void {
  const url = request.raw.url ?? ''
  if (PLAIN_ASCII.test(url) || (ASCII.test(url) && isEncodedUtf8(url))) done()
  else done(new Problem('malformed-request', 'The address is not percent-encoded UTF-8.'))
}

function isEncodedUtf8(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}
