import type { FastifyInstance } from 'fastify'
import type { Registry } from 'prom-client'
import type { Recommender } from '../../recommender.ts'
import { Problem } from '../problem.ts'
import { problems } from '../schemas.ts'

export interface OperationsDependencies {
  readonly recommender: Recommender
  readonly now: () => number
  readonly registry: Registry
}

/** What operators and orchestrators look at; answered under overload too. */
export function operationsRoutes(app: FastifyInstance, dependencies: OperationsDependencies): void {
  const { recommender, now, registry } = dependencies
  const tags = ['operations']
  const config = { alwaysAdmitted: true }

  app.get(
    '/healthz',
    { config, schema: { summary: 'Whether the process is alive', tags, response: { 200: { $ref: 'health#' } } } },
    async () => ({ status: 'ok' }),
  )

  app.get(
    '/readyz',
    {
      config,
      schema: {
        summary: 'Whether recommendations can be answered',
        tags,
        response: { 200: { $ref: 'readiness#' }, ...problems(503) },
      },
    },
    async () => {
      const state = recommender.ready()
      if (!state.ready) throw new Problem('unavailable', `Not ready yet: ${state.reason}`)
      return { ready: true, streamTime: now() }
    },
  )

  app.get(
    '/metrics',
    {
      config,
      schema: {
        summary: 'Metrics in the Prometheus text format',
        tags,
        response: { 200: { description: 'One line a sample.', content: METRICS_TEXT } },
      },
    },
    async (_request, reply) => reply.type(registry.contentType).send(await registry.metrics()),
  )
}

const METRICS_TEXT = {
  'text/plain': {
    schema: { type: 'string' },
    example: 'tributary_http_requests_total{method="GET",route="/recommend",status="200"} 42',
  },
}
