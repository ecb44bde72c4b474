import { once } from 'node:events'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createFakeServer, type FakeServer } from '../fakes/fake-server.ts'

let server: FakeServer
let port: number

beforeEach(async () => {
  server = await createFakeServer({ limits: { closeTimeoutMs: 300 } })
  await server.app.listen({ port: 0, host: '127.0.0.1' })
  port = (server.app.server.address() as AddressInfo).port
})
afterEach(() => server.app.close())

const HOST = 'host: localhost\r\n'

async function open(): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

/** Sends the bytes and collects what is answered until the server closes the connection. */
async function exchange(bytes: string | Buffer): Promise<string> {
  const socket = await open()
  socket.write(bytes)
  return received(socket)
}

async function received(socket: Socket): Promise<string> {
  let text = ''
  socket.on('data', (chunk) => {
    text += chunk
  })
  // Not `once`, which rejects where the server resets what it no longer reads.
  await new Promise((resolve) => socket.on('close', resolve))
  return text
}

describe('on the wire', () => {
  test('a body said to be 10 MB is refused before it is sent', async () => {
    const head = `POST /feedback HTTP/1.1\r\n${HOST}content-type: application/json\r\ncontent-length: 10000000\r\n\r\n`
    const answer = await exchange(head)
    expect(answer).toMatch(/^HTTP\/1\.1 413 /)
    expect(answer).toContain('urn:tributary:problem:body-too-large')
  })

  test('an endless chunked body is cut off after 1 MiB and the connection closed', async () => {
    const socket = await open()
    const answer = received(socket)
    socket.write(
      `POST /feedback HTTP/1.1\r\n${HOST}content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n`,
    )
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`
    const send = (error?: Error | null) => {
      if (!error) socket.write(chunk, send)
    }
    send()
    expect(await answer).toMatch(/^HTTP\/1\.1 413 /)
    expect(server.broker.messages).toEqual([])
  })

  test.each([
    ['what is not HTTP', '\u0016\u0003\u0001 hello\r\n\r\n', 400],
    ['headers beyond 16 KiB', `GET / HTTP/1.1\r\n${HOST}x: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    [
      'raw bytes in the address',
      Buffer.from(`GET /recommend?user=\xff\xfe HTTP/1.1\r\n${HOST}connection: close\r\n\r\n`, 'latin1'),
      400,
    ],
  ])('%s gets a problem', async (_what, bytes, status) => {
    const answer = await exchange(bytes)
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    expect(answer.toLowerCase()).toContain('content-type: application/problem+json')
    const body = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4))
    expect(body).toMatchObject({ status, detail: expect.any(String) })
    expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200)
  })

  test('senders that never finish their body take no place among the requests in flight', async () => {
    const head = `POST /feedback HTTP/1.1\r\n${HOST}content-type: application/json\r\ncontent-length: 100\r\n\r\n{`
    const sockets = await Promise.all(Array.from({ length: 5 }, open))
    for (const socket of sockets) socket.write(head)
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
    expect(metrics).toContain('tributary_http_requests_in_flight 1')
    for (const socket of sockets) socket.destroy()
  })
})

describe('closing', () => {
  test('finishes what is in flight, refuses what is new, and sends the last impressions', async () => {
    await fetch(`http://127.0.0.1:${port}/recommend?user=1`)
    const { promise, resolve } = Promise.withResolvers<void>()
    server.broker.hold = promise
    const inFlight = fetch(`http://127.0.0.1:${port}/feedback`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"userId":"1","itemId":"2","kind":"like"}',
    })
    await inFlightReaches(2)
    const closed = server.app.close()
    resolve()
    expect((await inFlight).status).toBe(202)
    await closed
    await expect(fetch(`http://127.0.0.1:${port}/healthz`)).rejects.toThrow()
    expect(server.broker.events('impressions')).toHaveLength(1)
  })

  test('does not wait longer than its bound for a request or a broker that never ends', async () => {
    await fetch(`http://127.0.0.1:${port}/recommend?user=1`)
    server.broker.hold = new Promise(() => {})
    const stuck = fetch(`http://127.0.0.1:${port}/feedback`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"userId":"1","itemId":"2","kind":"like"}',
    }).catch((error: unknown) => error)
    await inFlightReaches(2)
    const begun = performance.now()
    await server.app.close()
    expect(performance.now() - begun).toBeLessThan(2000)
    expect(await stuck).toBeInstanceOf(Error)
  })
})

async function inFlightReaches(n: number): Promise<void> {
  const deadline = Date.now() + 5000
  for (;;) {
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
    if (text.includes(`tributary_http_requests_in_flight ${n}\n`)) return
    if (Date.now() > deadline) throw new Error(`there were never ${n} requests in flight`)
  }
}
