import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createFakeServer, type FakeServer } from '../fakes/fake-server.ts'

const REQUESTS = 2000
const SEED = Number(process.env.FUZZ_SEED ?? 20260727)

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE' | 'PATCH' | 'HEAD' | 'OPTIONS'
interface Request {
  method: Method
  url: string
  headers: Record<string, string>
  payload?: string | Buffer
}

let server: FakeServer

beforeAll(async () => {
  server = await createFakeServer()
})
afterAll(() => server.app.close())

describe(`${REQUESTS} random requests`, () => {
  test('get an answer each, or a problem that blames the caller, and the server goes on', async () => {
    const random = mulberry32(SEED)
    const statuses = new Map<number, number>()
    for (let i = 0; i < REQUESTS; i++) {
      const request = randomRequest(random)
      const response = await server.app.inject(request)
      const told = `seed ${SEED}, request ${i}: ${JSON.stringify(request).slice(0, 400)} → ${response.statusCode} ${response.body.slice(0, 300)}`
      statuses.set(response.statusCode, (statuses.get(response.statusCode) ?? 0) + 1)
      expect(response.statusCode, told).toBeLessThan(500)
      if (response.statusCode >= 400 && request.method !== 'HEAD') {
        expect(response.headers['content-type'], told).toContain('application/problem+json')
        const problem = response.json()
        expect(problem, told).toMatchObject({ type: expect.any(String), status: response.statusCode })
        expect(problem.detail.length, told).toBeGreaterThan(10)
        expect(response.body, told).not.toMatch(/node_modules|\.ts:\d/)
      }
    }
    // Else the requests were so random that nothing was reached.
    for (const status of [200, 202, 400, 404, 415]) expect(statuses.get(status) ?? 0, `${status}`).toBeGreaterThan(10)

    const { statusCode } = await server.app.inject('/recommend?user=42')
    expect(statusCode).toBe(200)
    expect((await server.app.inject('/metrics')).body).toContain('tributary_http_requests_in_flight 1')
    // Decoding checks each: what was taken is fit for the stream.
    expect(server.broker.events('feedback').length + server.broker.events('items').length).toBeGreaterThan(10)
  })
})

function randomRequest(random: () => number): Request {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!
  const chance = (p: number) => random() < p
  const bytes = (n: number) => Buffer.from(Array.from({ length: Math.floor(random() * n) }, () => random() * 256))

  const hostile = (): string =>
    pick([
      () => '',
      () => '0',
      () => '-1',
      () => 'NaN',
      () => 'Infinity',
      () => '1e309',
      () => '9'.repeat(400),
      () => 'x'.repeat(Math.floor(random() * 3000)),
      () => '%',
      () => '%ff%fe',
      () => '%00',
      () => '%ED%A0%80',
      () => '%F0%9F%8E%AC',
      () => '../../etc/passwd',
      () => '..%2f..%2f',
      () => '__proto__',
      () => 'constructor',
      () => '[object Object]',
      () => '1,2,,3',
      () => '\u00e9\u{1F3AC}',
      () => encodeURIComponent(bytes(20).toString('latin1')),
      () =>
        bytes(20)
          .toString('latin1')
          .replace(/[\s#?]/g, ''),
    ])()
  const value = () => (chance(0.5) ? pick(['1', '42', 'guest-7', '20', 'Drama', 'true']) : hostile())
  const names = ['user', 'k', 'items', 'exclude', 'category', 'explain', 'debug', 'by', 'usr', '', '%zz']
  const query = () =>
    Array.from({ length: Math.floor(random() * 4) }, () => `${pick(names)}${chance(0.9) ? '=' : ''}${value()}`).join(
      '&',
    )

  const leaf = (): unknown =>
    pick<unknown>([null, true, 0, -1, 1.5, 1e308, 'x', '', 'x'.repeat(200), '\u0000', '\ud800', [], {}, [[]], '42'])
  const field = (good: unknown) => (chance(0.85) ? good : leaf())
  const fact = (): unknown => ({
    userId: field('42'),
    itemId: field('7'),
    kind: field(pick(['like', 'skip', 'watched', 'rating', 'purchase'])),
    ...(chance(0.5) && { value: field(4) }),
    ...(chance(0.3) && { at: field(978300760000) }),
    ...(chance(0.2) && { requestId: field('slate-1') }),
    ...(chance(0.1) && { [pick(['mood', '__proto__', 'constructor'])]: leaf() }),
  })
  const item = (): unknown => ({
    title: field('Ember Line'),
    ...(chance(0.5) && { genres: field(['Drama']) }),
    ...(chance(0.5) && { year: field(1999) }),
  })
  const body = (): string | Buffer => {
    if (chance(0.1)) return bytes(300)
    const text = JSON.stringify(pick([fact, item, () => Array.from({ length: random() * 5 }, fact), leaf])())
    return chance(0.1) ? text.slice(0, random() * text.length) : text
  }

  const path = pick([
    '/recommend',
    '/recommend',
    '/feedback',
    '/feedback',
    '/popular',
    '/healthz',
    '/',
    '/docs/static/',
    `/similar/${value()}`,
    `/users/${value()}`,
    `/items/${value()}`,
    `/items/${value()}`,
    `/${value()}`,
  ])
  const usual: Method = path === '/feedback' ? 'POST' : path.startsWith('/items') ? pick(['GET', 'PUT']) : 'GET'
  const method = chance(0.9) ? usual : pick<Method>(['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS'])
  const search = query()
  const url = search ? `${path}?${search}` : path
  const type = chance(0.85)
    ? 'application/json'
    : pick(['text/plain', 'application/xml', '', ';;', 'application/json; charset=x'])
  if (method === 'GET' || method === 'HEAD' || chance(0.05)) return { method, url, headers: {} }
  return { method, url, headers: { 'content-type': type }, payload: body() }
}

/** A small seeded generator of numbers in [0, 1). */
function mulberry32(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
