import type { FastifyInstance } from 'fastify'
import type { Broker } from '../../../broker/broker.ts'
import { TributaryError } from '../../../errors.ts'
import { decode } from '../../../events/codec.ts'
import type { DeadLetter } from '../../../events/types.ts'
import type { Operations, ReplayChange } from '../../operations.ts'
import type { EventStreams } from '../event-stream.ts'
import type { OperatorFeed } from '../operator-feed.ts'
import { Problem } from '../problem.ts'
import { problems, querySchema } from '../schemas.ts'

export interface OperatorDependencies {
  readonly operations: Operations
  readonly feed: OperatorFeed
  readonly streams: EventStreams
  readonly broker: Pick<Broker, 'read' | 'bounds'>
}

/** What the operator's view of the page is made of, and the controls of a replay. */
export function operatorRoutes(
  app: FastifyInstance,
  { operations, feed, streams, broker }: OperatorDependencies,
): void {
  const tags = ['operations']
  const config = { alwaysAdmitted: true }

  app.get(
    '/stream/operations',
    {
      config,
      schema: {
        summary: 'Figures of this process as server-sent events, once a second',
        description:
          'First `past`, the points of the last five minutes; then `figures`, and every few seconds `quality`.',
        tags,
        response: { 200: { description: 'Server-sent events.', content: EVENTS }, ...problems(503) },
      },
    },
    (_request, reply) => {
      feed.listen(streams.open(reply))
    },
  )

  app.post<{ Body: ReplayChange }>(
    '/replay',
    {
      config,
      schema: {
        summary: 'Pauses the replay of this process, lets it go on, changes its speed, starts it over',
        tags,
        body: { $ref: 'replay-change#' },
        response: { 202: { $ref: 'replay-change#' }, ...problems(400, 404, 415) },
      },
    },
    async ({ body }, reply) => {
      const replay = operations.replay?.state()
      if (!operations.replay || !replay) {
        throw new Problem('not-found', 'No replay runs in this process: `tributary start` runs one beside serving.')
      }
      if (body.startOver && !replay.startsOver) {
        const detail =
          'It cannot be started over from here, since not all that came of it is in the home: begin in an empty one.'
        throw new Problem('invalid-parameter', detail, 'startOver')
      }
      operations.replay.change(body)
      reply.code(202)
      return body
    },
  )

  app.get<{ Querystring: { limit: number } }>(
    '/dead-letters',
    {
      config,
      schema: {
        summary: 'The latest events that were refused, with the reason',
        tags,
        querystring: querySchema('dead-letters'),
        response: { 200: { $ref: 'dead-letter-list#' }, ...problems(400, 503) },
      },
    },
    async ({ query }) => latestDeadLetters(broker, query.limit),
  )

  app.get(
    '/releases',
    {
      config,
      schema: {
        summary: 'Model releases, newest first, and what the gate said of them',
        tags,
        response: { 200: { $ref: 'release-list#' }, ...problems(503) },
      },
    },
    async () => ({ releases: (await operations.releases?.()) ?? [] }),
  )
}

async function latestDeadLetters(broker: Pick<Broker, 'read' | 'bounds'>, limit: number) {
  try {
    const bounds = await broker.bounds('dead-letters')
    const found = await Promise.all(
      bounds.map(({ begin, end }, partition) =>
        broker.read('dead-letters', partition, Math.max(begin, end - limit), limit),
      ),
    )
    const letters = found.flat().flatMap(({ value }): DeadLetter[] => {
      const decoded = decode('dead-letters', value)
      return decoded.ok ? [decoded.event] : []
    })
    const total = bounds.reduce((sum, { begin, end }) => sum + end - begin, 0)
    return { total, letters: letters.sort((a, b) => b.at - a.at).slice(0, limit) }
  } catch (cause) {
    throw new TributaryError('UNAVAILABLE', 'the broker did not answer; ask again', {}, cause)
  }
}

const EVENTS = {
  'text/event-stream': { schema: { type: 'string' }, example: 'event: figures\ndata: { "streamTime": 978300760000 }' },
}
