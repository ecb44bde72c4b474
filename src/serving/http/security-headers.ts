import { readFileSync } from 'node:fs'
import type { FastifyInstance } from 'fastify'
import { inlineScriptHashes } from './page-files.ts'

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

/** The import map, which browsers take from the document alone, and nothing else that is not a file of ours. */
const INLINE_SCRIPTS = inlineScriptHashes(readFileSync(new URL('../page/index.html', import.meta.url), 'utf8'))
const PAGE_POLICY = contentSecurityPolicy("'self'", INLINE_SCRIPTS)
/** Swagger UI writes style attributes. */
export const DOCS_POLICY = contentSecurityPolicy("'self' 'unsafe-inline'")

/** For what browsers show: the page and the docs. */
export function documentHeaders(app: FastifyInstance): void {
  app.addHook('onRequest', (_request, reply, done) => {
    reply.headers({
      'content-security-policy': PAGE_POLICY,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
    })
    done()
  })
}

/** For data: never to be taken for a document, never to be kept. */
export function dataHeaders(app: FastifyInstance): void {
  app.addHook('onRequest', (_request, reply, done) => {
    reply.header('x-content-type-options', 'nosniff')
    reply.header('cache-control', 'no-store')
    done()
  })
}
