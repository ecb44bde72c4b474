import type { FastifyInstance } from 'fastify'
import type { Broker } from '../../../broker/broker.ts'
import { encode } from '../../../events/codec.ts'
import type { Item } from '../../../events/types.ts'
import { publish } from '../../publish.ts'
import type { Recommender } from '../../recommender.ts'
import { Problem } from '../problem.ts'
import { idParam, problems, querySchema } from '../schemas.ts'

export interface CatalogueDependencies {
  readonly recommender: Recommender
  readonly broker: Pick<Broker, 'produce'>
}

/** Items: what goes with one, what is popular, one of them, and its upsert. */
export function catalogueRoutes(app: FastifyInstance, { recommender, broker }: CatalogueDependencies): void {
  const tags = ['catalogue']

  app.get<{ Params: { item: string }; Querystring: { k: number } }>(
    '/similar/:item',
    {
      schema: {
        summary: 'Items that go with an item',
        tags,
        params: idParam('item', '260'),
        querystring: querySchema('similar'),
        response: { 200: { $ref: 'item-list#' }, ...problems(400, 404, 503) },
      },
    },
    async ({ params, query }) => ({
      items: (await recommender.similar(params.item, query.k)) ?? unknownItem(params.item),
    }),
  )

  app.get<{ Params: { item: string }; Querystring: { k: number } }>(
    '/neighbours/:item',
    {
      schema: {
        summary: 'Items near an item, by live co-visits and in each embedding space of the release in service',
        tags,
        params: idParam('item', '260'),
        querystring: querySchema('neighbours'),
        response: { 200: { $ref: 'neighbour-list#' }, ...problems(400, 404, 503) },
      },
    },
    async ({ params, query }) => (await recommender.neighbours(params.item, query.k)) ?? unknownItem(params.item),
  )

  app.get<{ Querystring: { k: number; by: 'popularity' | 'trend' } }>(
    '/popular',
    {
      schema: {
        summary: 'What is liked by most, or rising now',
        tags,
        querystring: querySchema('popular'),
        response: { 200: { $ref: 'item-list#' }, ...problems(400, 503) },
      },
    },
    async ({ query }) => ({ items: await recommender.popular(query.k, query.by) }),
  )

  app.get<{ Params: { id: string } }>(
    '/items/:id',
    {
      schema: {
        summary: 'A catalogue entry',
        tags,
        params: idParam('id', '260'),
        response: { 200: { $ref: 'item#' }, ...problems(400, 404, 503) },
      },
    },
    async ({ params }) => recommender.item(params.id) ?? unknownItem(params.id),
  )

  app.put<{ Params: { id: string }; Body: Omit<Item, 'itemId'> & { itemId?: string } }>(
    '/items/:id',
    {
      schema: {
        summary: 'Adds or replaces a catalogue entry',
        tags,
        params: idParam('id', '260'),
        body: { $ref: 'item-upsert#' },
        response: { 202: { $ref: 'item-accepted#' }, ...problems(400, 413, 415, 503) },
      },
    },
    async ({ params, body }, reply) => {
      const itemId = params.id
      if (body.itemId !== undefined && body.itemId !== itemId) {
        const detail = 'Body itemId is not the id in the path: make them equal, or leave it out of the body.'
        throw new Problem('invalid-parameter', detail, 'itemId')
      }
      await publish(broker, 'items', [{ key: itemId, value: encode('items', { ...body, itemId }) }], 'the item')
      reply.code(202)
      return { itemId }
    },
  )
}

function unknownItem(itemId: string): never {
  throw new Problem(
    'not-found',
    `The catalogue has no item ${JSON.stringify(itemId)}: check the id, or add it with PUT.`,
  )
}
