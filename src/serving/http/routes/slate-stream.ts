import type { FastifyInstance } from 'fastify'
import type { HistoryWatch } from '../../history-watch.ts'
import type { Impressions } from '../../impressions.ts'
import type { Recommender } from '../../recommender.ts'
import type { EventStream, EventStreams } from '../event-stream.ts'
import type { ServingMetrics } from '../metrics.ts'
import { problems, querySchema } from '../schemas.ts'
import { observe } from './recommend.ts'

/** Two slates of one stream are at least this far apart: a replay at full speed must not make a slate an event. */
const MIN_INTERVAL_MS = 100

export interface SlateStreamDependencies {
  readonly recommender: Recommender
  readonly watch: HistoryWatch
  readonly streams: EventStreams
  readonly impressions: Impressions
  readonly metrics: ServingMetrics
}

/** A user's slate, and again whenever the user has done something. */
export function slateStreamRoute(app: FastifyInstance, dependencies: SlateStreamDependencies): void {
  const { watch, streams } = dependencies
  app.get<{ Querystring: { user: string; k: number } }>(
    '/stream/slate',
    {
      schema: {
        summary: 'Recommendations as server-sent events: at once, and whenever the history of the user has changed',
        description:
          'Each event is called `slate`; its data is `{ slate, user }`, as GET /recommend and /users/:id answer.',
        tags: ['recommend'],
        querystring: querySchema('slate-stream'),
        response: { 200: { description: 'Server-sent events.', content: EVENTS }, ...problems(400, 503) },
      },
    },
    (request, reply) => {
      const { user, k } = request.query
      const stream = streams.open(reply)
      const next = slateAfterSlate(stream, user, k, dependencies)
      const stop = watch.watch(user, next)
      stream.closed.then(stop)
      next()
    },
  )
}

/** Answers what asks for a slate: one is made at a time, and what is asked meanwhile is one more. */
function slateAfterSlate(stream: EventStream, userId: string, k: number, dependencies: SlateStreamDependencies) {
  const { recommender, impressions, metrics } = dependencies
  let wanted = false
  let running = false
  return async function next(): Promise<void> {
    wanted = true
    if (running) return
    running = true
    while (wanted) {
      wanted = false
      try {
        const asked = { userId, k, features: impressions.wantsFeatures }
        const [slate, user] = await Promise.all([recommender.recommend(asked), recommender.user(userId)])
        const { stagesMs: _stages, features: _features, ...shown } = slate
        if (stream.send('slate', { slate: shown, user: user ?? null })) {
          impressions.record(slate)
          observe(slate, metrics)
        } else wanted = true
      } catch {
        stream.send('failure', { detail: 'The slate could not be made just now.' })
      }
      await Promise.race([stream.closed, new Promise((resolve) => setTimeout(resolve, MIN_INTERVAL_MS))])
      if (stream.isClosed()) return
    }
    running = false
  }
}

const EVENTS = {
  'text/event-stream': { schema: { type: 'string' }, example: 'event: slate\ndata: { "slate": { … }, "user": { … } }' },
}
