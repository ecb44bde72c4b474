import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Coding, PageFile } from './page-files.ts'

/** Paths that the page draws by itself. */
const VIEWS = ['/', '/operator', '/inspector']

/** Serves the page from memory, compressed as the browser can take it, and revalidated: a new version shows at once. */
export function page(app: FastifyInstance, files: ReadonlyMap<string, PageFile>): void {
  const views = VIEWS.map((path) => [path, files.get('/index.html')!] as const)
  for (const [path, file] of [...files, ...views]) {
    app.get(path, { schema: { hide: true } }, (request, reply) => send(file, request, reply))
  }
}

async function send(file: PageFile, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  reply.headers({ 'cache-control': 'no-cache', etag: file.tag, vary: 'accept-encoding' })
  if (request.headers['if-none-match']?.includes(file.tag)) return reply.code(304).send()
  const coding = codingOf(request)
  const content = await file.as(coding)
  if (coding !== 'identity' && file.type !== 'font/woff2') reply.header('content-encoding', coding)
  return reply.type(file.type).send(content)
}

function codingOf({ headers }: FastifyRequest): Coding {
  const accepted = String(headers['accept-encoding'] ?? '')
  if (/\bbr\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))/.test(accepted)) return 'br'
  return /\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))/.test(accepted) ? 'gzip' : 'identity'
}
