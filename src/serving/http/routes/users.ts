import type { FastifyInstance } from 'fastify'
import type { Broker } from '../../../broker/broker.ts'
import { encode } from '../../../events/codec.ts'
import { publish } from '../../publish.ts'
import type { Recommender } from '../../recommender.ts'
import { Problem } from '../problem.ts'
import { idParam, problems, querySchema } from '../schemas.ts'

export interface UserDependencies {
  readonly recommender: Recommender
  readonly broker: Pick<Broker, 'produce'>
}

export function userRoutes(app: FastifyInstance, { recommender, broker }: UserDependencies): void {
  const tags = ['users']

  app.get<{ Querystring: { k: number; prefix?: string } }>(
    '/users',
    {
      schema: {
        summary: 'A few users with much history, to look at',
        tags,
        querystring: querySchema('users'),
        response: { 200: { $ref: 'user-list#' }, ...problems(400, 503) },
      },
    },
    async ({ query }) => ({ users: await recommender.someUsers(query.k, query.prefix) }),
  )

  app.get<{ Params: { id: string } }>(
    '/users/:id',
    {
      schema: {
        summary: 'A user as the live state has it: profile, recent history, features',
        tags,
        params: idParam('id', '42'),
        response: { 200: { $ref: 'user-view#' }, ...problems(400, 404, 503) },
      },
    },
    async ({ params }) => {
      const user = await recommender.user(params.id)
      if (user) return user
      const detail = `Nothing is known of user ${JSON.stringify(params.id)}: recommendations work all the same.`
      throw new Problem('not-found', detail)
    },
  )

  app.delete<{ Params: { id: string } }>(
    '/users/:id',
    {
      schema: {
        summary: 'Forgets a user: profile, history and features, and their rows in the event log',
        tags,
        params: idParam('id', '42'),
        response: { 202: { $ref: 'user-accepted#' }, ...problems(400, 503) },
      },
    },
    async ({ params }, reply) => {
      const userId = params.id
      const message = { key: userId, value: encode('users', { userId, forgotten: true }) }
      await publish(broker, 'users', [message], 'it')
      reply.code(202)
      return { userId }
    },
  )

  app.get<{ Params: { user: string }; Querystring: { target?: string; k: number } }>(
    '/inspect/:user',
    {
      schema: {
        summary: 'How a user’s recommendations come about, and why an item is or is not among them',
        tags,
        params: idParam('user', '42'),
        querystring: querySchema('inspect'),
        response: { 200: { $ref: 'inspection#' }, ...problems(400, 503) },
      },
    },
    async ({ params, query: { target, k } }) =>
      recommender.inspect(params.user, { k, ...(target !== undefined && { target }) }),
  )
}
