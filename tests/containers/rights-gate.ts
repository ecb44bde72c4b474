// A ClickHouse server that knows no users, behind a gate that does: it lets a statement through if the user who sends it
// was granted what it takes, and answers as a server would where not.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface RightsGate {
  /** As an address of the server, for a user that the grants name. */
  url(user: string): string
  /** Rights that let statements of the user through, each once. */
  used(user: string): ReadonlySet<string>
  close(): Promise<void>
}

/** @param grants SQL with `GRANT right, … ON database.* TO user;` @param server address with user, password and database */
export async function openRightsGate(grants: string, server: URL): Promise<RightsGate> {
  const granted = new Map<string, ReadonlySet<string>>()
  for (const [, rights, user] of grants.matchAll(/^GRANT (.+) ON \S+ TO (\w+);/gm)) {
    granted.set(user!, new Set(rights!.split(', ')))
  }
  const used = new Map<string, Set<string>>()
  const gate: Server = createServer(async (request, response) => {
    const user = userOf(request)
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const body = Buffer.concat(chunks)
    const url = new URL(request.url!, server.origin)
    const statement = url.searchParams.get('query') ?? body.toString('utf8')
    const rights = rightsFor(statement)
    const missing = rights.filter((right) => !granted.get(user)?.has(right))
    if (missing.length > 0) {
      const text = `Code: 497. DB::Exception: ${user}: Not enough privileges. To execute this query, it's necessary to have the grant ${missing.join(', ')} ON ${url.pathname}. (ACCESS_DENIED) (version 26.7.2.1)`
      response.writeHead(403, { 'x-clickhouse-exception-code': '497' }).end(text)
      return
    }
    used.set(user, new Set([...(used.get(user) ?? []), ...rights]))
    const headers = { authorization: `Basic ${btoa(`${server.username}:${decodeURIComponent(server.password)}`)}` }
    const answer = await fetch(url, { method: 'POST', headers, body })
    const { status } = answer
    response.writeHead(
      status,
      status === 200 ? {} : { 'x-clickhouse-exception-code': answer.headers.get('x-clickhouse-exception-code') ?? '0' },
    )
    response.end(Buffer.from(await answer.arrayBuffer()))
  })
  await once(gate.listen(0, '127.0.0.1'), 'listening')
  const { port } = gate.address() as AddressInfo
  return {
    url: (user) => `http://${user}:secret@127.0.0.1:${port}${server.pathname}`,
    used: (user) => used.get(user) ?? new Set(),
    close: async () => {
      gate.closeAllConnections()
      await once(gate.close(), 'close')
    },
  }
}

function userOf({ headers }: IncomingMessage): string {
  const [, encoded = ''] = (headers.authorization ?? '').split(' ')
  return Buffer.from(encoded, 'base64').toString().split(':')[0]!
}

/** What a statement takes, by its first words; an unknown one takes itself. */
function rightsFor(statement: string): string[] {
  const text = statement.trim().replaceAll(/\s+/g, ' ')
  if (/^(SELECT|WITH|EXISTS) /i.test(text)) return ['SELECT']
  if (/^INSERT INTO /i.test(text))
    return /^INSERT INTO \S+( \([^)]*\))? SELECT /i.test(text) ? ['INSERT', 'SELECT'] : ['INSERT']
  if (/^DELETE FROM |^ALTER TABLE \S+ DELETE /i.test(text)) return ['ALTER DELETE']
  if (/^ALTER TABLE /i.test(text)) return ['ALTER TABLE']
  if (/^CREATE (TABLE|VIEW) /i.test(text)) return [text.split(' ').slice(0, 2).join(' ').toUpperCase()]
  return [text.split(' ').slice(0, 2).join(' ').toUpperCase()]
}
