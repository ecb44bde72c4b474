import { fileURLToPath } from 'node:url'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'

/** Serves the page at / from its folder, as it is. */
export async function page(app: FastifyInstance): Promise<void> {
  await app.register(fastifyStatic, {
    root: fileURLToPath(new URL('../page/', import.meta.url)),
    wildcard: false,
    cacheControl: false,
    // Revalidated by ETag: a new version shows at once.
    setHeaders: (reply) => reply.header('cache-control', 'no-cache'),
  })
}
