import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import { DOCS_POLICY } from './security-headers.ts'

/** Describes every route registered on `app` from now on. */
export async function describeRoutes(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Tributary',
        version: '1',
        description:
          'Recommendations that follow the stream. Ids are strings of 1 to 128 characters; times are milliseconds ' +
          'since 1970 in event time; errors are application/problem+json (RFC 9457).',
      },
      tags: [
        { name: 'recommend', description: 'Ask, and say what came of it' },
        { name: 'catalogue', description: 'Items' },
        { name: 'users', description: 'Users' },
        { name: 'operations', description: 'For operators and orchestrators' },
      ],
    },
    refResolver: {
      buildLocalReference: (schema, _baseUri, _fragment, i) => String(schema.title ?? schema.$id ?? `def-${i}`),
    },
  })
}

/** The description for people, at /docs. */
export async function docs(app: FastifyInstance): Promise<void> {
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: DOCS_POLICY,
    uiConfig: { docExpansion: 'list', tryItOutEnabled: true, layout: 'BaseLayout' },
    theme: { title: 'Tributary' },
  })
}

/** The description for programs, at /openapi.json. */
export function openapiRoute(app: FastifyInstance): void {
  let document: string | undefined
  app.get(
    '/openapi.json',
    {
      config: { alwaysAdmitted: true },
      schema: {
        summary: 'This description',
        tags: ['operations'],
        response: { 200: { description: 'OpenAPI 3.1.', type: 'object', examples: [{ openapi: '3.1.0' }] } },
      },
    },
    async (_request, reply) => {
      document ??= JSON.stringify(app.swagger())
      return reply.type('application/json').send(document)
    },
  )
}
