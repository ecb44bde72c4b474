import Fastify, { type FastifyError, type FastifyInstance } from 'fastify'
import type { Broker } from '../../broker/broker.ts'
import { HistoryWatch } from '../history-watch.ts'
import { Impressions } from '../impressions.ts'
import type { Operations } from '../operations.ts'
import type { Recommender } from '../recommender.ts'
import { type AdmissionLimits, createAdmission } from './admission.ts'
import { answerClientError } from './client-error.ts'
import { EventStreams } from './event-stream.ts'
import { instrument } from './instrument.ts'
import { acceptJsonOnly } from './json-body.ts'
import { createMetrics, type ServingMetrics } from './metrics.ts'
import { describeRoutes, docs, openapiRoute } from './openapi.ts'
import { OperatorFeed } from './operator-feed.ts'
import { page } from './page.ts'
import { readPageFiles } from './page-files.ts'
import { Problem, sendProblem, toProblem } from './problem.ts'
import { catalogueRoutes } from './routes/catalogue.ts'
import { feedbackRoute } from './routes/feedback.ts'
import { operationsRoutes } from './routes/operations.ts'
import { operatorRoutes } from './routes/operator.ts'
import { recommendRoute } from './routes/recommend.ts'
import { slateStreamRoute } from './routes/slate-stream.ts'
import { userRoutes } from './routes/users.ts'
import { schemas } from './schemas.ts'
import { dataHeaders, documentHeaders } from './security-headers.ts'
import { validatorCompiler } from './validation.ts'

export interface ServerOptions {
  readonly recommender: Recommender
  readonly broker: Pick<Broker, 'produce' | 'read' | 'bounds'>
  /** Event time now, ms since 1970, an integer: stream time where a replay runs. Default: the wall clock. */
  readonly now?: () => number
  readonly metrics?: ServingMetrics
  /** What goes on beside serving; parts may be attached later. */
  readonly operations?: Operations
  readonly limits?: Partial<ServerLimits>
  /** Of the slates, those whose impressions carry features: 0, the default, to 1. */
  readonly featureShare?: number
  /** Told the cause of every answer that blames the server (5xx), with the request's method and path. */
  readonly onError?: (error: unknown, request: string) => void
}

export interface ServerLimits extends AdmissionLimits {
  /** How long `close` waits for requests in flight, and then for the last impressions. */
  readonly closeTimeoutMs: number
}

const DEFAULT_LIMITS: ServerLimits = { maxInFlight: 256, maxEventLoopLagMs: 1000, closeTimeoutMs: 5000 }

const BODY_LIMIT_BYTES = 1024 * 1024
/** An id of 128 characters, each of them four bytes, each byte percent-encoded. */
const MAX_ENCODED_ID = 128 * 4 * 3

/**
 * The HTTP side of serving. The caller calls `listen` (host and port are its choice) and `close`, which finishes the
 * requests in flight and sends the last impressions before it resolves; recommender and broker stay the caller's.
 */
export async function createServer(options: ServerOptions): Promise<FastifyInstance> {
  const { recommender, broker, now = Date.now, metrics = createMetrics(), onError = () => {} } = options
  const { operations = { swaps: [] }, featureShare } = options
  const limits = { ...DEFAULT_LIMITS, ...options.limits }
  const admission = createAdmission(limits)
  const impressions = new Impressions({
    broker,
    now,
    ...(featureShare !== undefined && { featureShare }),
    count: (outcome, slates) => metrics.impressions.inc({ outcome }, slates),
  })
  metrics.addGauge('tributary_http_requests_in_flight', 'Requests being worked on', () => admission.inFlight)

  const app = Fastify({
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: 30_000,
    exposeHeadRoutes: false,
    return503OnClosing: false,
    routerOptions: { maxParamLength: MAX_ENCODED_ID },
    clientErrorHandler: answerClientError,
    frameworkErrors: (error, _request, reply) => void sendProblem(reply, toProblem(error)),
  })
  app.setValidatorCompiler(validatorCompiler)
  for (const schema of schemas) app.addSchema(schema)
  acceptJsonOnly(app)
  answerErrors(app, onError)
  closeWithin(app, limits.closeTimeoutMs, impressions)
  app.addHook('onClose', async () => admission.close())

  const watch = new HistoryWatch({ versions: (userIds) => recommender.historyVersions(userIds) })
  const streams = new EventStreams(app)
  metrics.addGauge('tributary_event_streams', 'Clients that listen to server-sent events', () => streams.size)
  const feed = new OperatorFeed({ operations, recommender, metrics, now, inFlight: () => admission.inFlight })
  app.addHook('onClose', async () => feed.close())

  await describeRoutes(app)
  await app.register(async (documents) => {
    const files = readPageFiles()
    const document = await files.get('/index.html')!.as('identity')
    documentHeaders(documents, document.toString('utf8'))
    page(documents, files)
    await docs(documents)
  })
  await app.register(async (data) => {
    dataHeaders(data)
    instrument(data, admission, metrics)
    openapiRoute(data)
    recommendRoute(data, { recommender, impressions, metrics })
    slateStreamRoute(data, { recommender, watch, streams, impressions, metrics })
    feedbackRoute(data, { broker, now, metrics })
    catalogueRoutes(data, { recommender, broker })
    userRoutes(data, { recommender, broker })
    operatorRoutes(data, { operations, feed, streams, broker })
    operationsRoutes(data, { recommender, now, registry: metrics.registry })
  })
  return app
}

function answerErrors(app: FastifyInstance, onError: (error: unknown, request: string) => void): void {
  app.setErrorHandler<FastifyError>((error, request, reply) => {
    const problem = toProblem(error)
    // A problem that was thrown as one is an answer, such as that nothing is ready yet, and no news for the operator.
    if (problem.status >= 500 && !(error instanceof Problem)) onError(error, `${request.method} ${request.url}`)
    return sendProblem(reply, problem)
  })
  app.setNotFoundHandler((request, reply) => {
    const detail = `Nothing answers ${request.method} at this path: GET /openapi.json lists what does.`
    return sendProblem(reply, new Problem('not-found', detail))
  })
}

/** Requests in flight, and then the last impressions, get `timeoutMs` each when the server closes. */
function closeWithin(app: FastifyInstance, timeoutMs: number, impressions: Impressions): void {
  let timer: NodeJS.Timeout | undefined
  app.addHook('preClose', async () => {
    timer = setTimeout(() => app.server.closeAllConnections(), timeoutMs)
  })
  app.addHook('onClose', async () => {
    clearTimeout(timer)
    await Promise.race([impressions.flush(), new Promise((resolve) => setTimeout(resolve, timeoutMs).unref())])
  })
}
