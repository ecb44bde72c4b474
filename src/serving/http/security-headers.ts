import { createHash } from 'node:crypto'
import type { FastifyInstance } from 'fastify'

/** Posters may come from elsewhere, nothing else may. */
function contentSecurityPolicy(styles: string, scripts: readonly string[] = []): string {
  return [
    "default-src 'self'",
    "img-src 'self' https: data:",
    `script-src ${["'self'", ...scripts].join(' ')}`,
    `style-src ${styles}`,
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ')
}

/** Swagger UI writes style attributes. */
export const DOCS_POLICY = contentSecurityPolicy("'self' 'unsafe-inline'")

/**
 * For what browsers show: the page and the docs.
 * @param document of the page: scripts that stand in it may run, and nothing else that is not a file of ours
 */
export function documentHeaders(app: FastifyInstance, document: string): void {
  const policy = contentSecurityPolicy("'self'", inlineScriptHashes(document))
  app.addHook('onRequest', (_request, reply, done) => {
    reply.headers({
      'content-security-policy': policy,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
    })
    done()
  })
}

function inlineScriptHashes(document: string): string[] {
  return [...document.matchAll(/<script(?![^>]*\bsrc=)[^>]*>([\s\S]*?)<\/script>/g)].map(
    ([, script]) => `'sha256-${createHash('sha256').update(script!).digest('base64')}'`,
  )
}

/** For data: never to be taken for a document, never to be kept. */
export function dataHeaders(app: FastifyInstance): void {
  app.addHook('onRequest', (_request, reply, done) => {
    reply.header('x-content-type-options', 'nosniff')
    reply.header('cache-control', 'no-store')
    done()
  })
}
