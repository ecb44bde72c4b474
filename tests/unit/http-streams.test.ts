import { createHash } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readPageFiles } from '../../src/serving/http/page-files.ts'
import { createFakeServer, type FakeServer } from '../fakes/fake-server.ts'

let server: FakeServer
let base: string

beforeEach(async () => {
  server = await createFakeServer({ featureShare: 1 })
  await server.app.listen({ port: 0 })
  base = `http://127.0.0.1:${(server.app.server.address() as AddressInfo).port}`
})
afterEach(() => server.app.close())

interface Received {
  readonly event: string
  readonly data: { slate: { items: { itemId: string }[] }; user: { history: { itemId: string }[] } | null }
}

async function* eventsOf(path: string, signal: AbortSignal): AsyncGenerator<Received> {
  const response = await fetch(base + path, { signal })
  expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/)
  let text = ''
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk
    const blocks = text.split('\n\n')
    text = blocks.pop()!
    for (const block of blocks) {
      const event = /^event: (.*)$/m.exec(block)?.[1]
      if (event) yield { event, data: JSON.parse(/^data: (.*)$/m.exec(block)![1]!) }
    }
  }
}

const give = (userId: string, itemId: string) =>
  server.recommender.apply({ eventId: 'e', userId, itemId, kind: 'like', at: 1 })

describe('GET /stream/slate', () => {
  test('sends the slate at once, and again when the history has changed', async () => {
    const done = new AbortController()
    const events = eventsOf('/stream/slate?user=7&k=5', done.signal)
    const first = (await events.next()).value as Received
    expect(first.event).toBe('slate')
    expect(first.data.slate.items).toHaveLength(5)
    expect(first.data.slate).not.toHaveProperty('features')
    expect(first.data.user).toBeNull()
    const [{ itemId }] = first.data.slate.items as [{ itemId: string }]
    give('somebody else', itemId)
    give('7', itemId)
    const second = (await events.next()).value as Received
    expect(second.data.user?.history).toMatchObject([{ itemId }])
    expect(second.data.slate.items.map((item) => item.itemId)).not.toContain(itemId)
    done.abort()
  })

  test('a shown slate is an impression', async () => {
    const done = new AbortController()
    await eventsOf('/stream/slate?user=7&k=5', done.signal).next()
    done.abort()
    await server.app.close()
    expect(server.broker.events('impressions')).toMatchObject([{ userId: '7' }])
  })

  test('takes no place among requests in flight, and ends when the server does', async () => {
    const events = eventsOf('/stream/slate?user=7', new AbortController().signal)
    await events.next()
    const { body } = await server.app.inject('/metrics')
    expect(body).toContain('tributary_event_streams 1')
    expect(body).toContain('tributary_http_requests_in_flight 1')
    await server.app.close()
    expect(await events.next()).toMatchObject({ done: true })
  })

  test('names the parameter that is missing', async () => {
    const response = await server.app.inject('/stream/slate')
    expect(response.statusCode).toBe(400)
    expect(response.json().detail).toContain('user')
  })
})

describe('the files of the page', () => {
  test.each([
    ['br', 'br'],
    ['gzip, deflate', 'gzip'],
    ['gzip;q=1, br;q=0', 'gzip'],
    ['identity', undefined],
  ])('are compressed for a browser that takes %j', async (accepted, coding) => {
    const headers = { 'accept-encoding': accepted }
    const response = await server.app.inject({ url: '/page.js', headers })
    expect(response.statusCode).toBe(200)
    expect(response.headers['content-encoding']).toBe(coding)
    expect(response.headers.vary).toBe('accept-encoding')
    const etag = response.headers.etag as string
    const again = await server.app.inject({ url: '/page.js', headers: { ...headers, 'if-none-match': etag } })
    expect(again.statusCode).toBe(304)
  })

  test('weigh no more than 200 KB compressed, all together', async () => {
    const weigh = async (url: string) =>
      (await server.app.inject({ url, headers: { 'accept-encoding': 'br' } })).rawPayload.length
    const paths = [...readPageFiles().keys()]
    expect(paths.length).toBeGreaterThan(20)
    const bytes = await Promise.all(paths.map(weigh))
    expect(bytes.reduce((sum, size) => sum + size, 0)).toBeLessThan(200_000)
  })

  test('are all asked for at once: the document names every module that drawing the rows takes, and no other', async () => {
    const { body } = await server.app.inject('/')
    const named = [...body.matchAll(/<link rel="modulepreload" href="([^"]+)">/g)].map(([, path]) => path!)
    const files = readPageFiles()
    for (const path of named) expect(files.has(path), path).toBe(true)
    expect(named).toEqual(
      expect.arrayContaining(['/viewer/viewer.js', '/viewer/card.js', '/parts/hash.js', '/vendor/preact.js']),
    )
    expect(named).not.toContain('/page.js')
    // These come with the views that are looked at later.
    for (const path of ['/operator/operator.js', '/inspector/inspector.js', '/vendor/uplot.js'])
      expect(named).not.toContain(path)
    expect(new Set(named).size).toBe(named.length)
  })

  test('stand in the document itself where nothing is to wait for them, before the style sheets, and may run', async () => {
    const { body, headers } = await server.app.inject('/')
    const first = body.indexOf('/stream/slate?user=')
    expect(first).toBeGreaterThan(0)
    expect(first).toBeLessThan(body.indexOf('<link rel="stylesheet"'))
    const inline = [...body.matchAll(/<script(?: type="importmap")?>([\s\S]*?)<\/script>/g)].map(
      ([, script]) => script!,
    )
    expect(inline).toHaveLength(3)
    for (const script of inline) {
      const digest = createHash('sha256').update(script).digest('base64')
      expect(headers['content-security-policy']).toContain(`'sha256-${digest}'`)
    }
  })

  test('are named by the import map where they come from packages', async () => {
    const { body } = await server.app.inject('/')
    const { imports } = JSON.parse(/<script type="importmap">([\s\S]*?)<\/script>/.exec(body)![1]!)
    for (const path of Object.values<string>(imports)) expect(readPageFiles().has(path)).toBe(true)
  })
})
