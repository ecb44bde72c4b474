import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createFakeServer, type FakeServer } from '../fakes/fake-server.ts'

const STREAM_TIME = 978300760000
const LIKE = { userId: '42', itemId: '7', kind: 'like' }

let server: FakeServer

beforeEach(async () => {
  server = await createFakeServer({ now: () => STREAM_TIME })
})
afterEach(() => server.app.close())

const post = (payload: unknown) =>
  server.app.inject({
    method: 'POST',
    url: '/feedback',
    headers: { 'content-type': 'application/json' },
    payload: typeof payload === 'string' || Buffer.isBuffer(payload) ? payload : JSON.stringify(payload),
  })

describe('POST /feedback', () => {
  test('answers 202 with the id of the event the broker has', async () => {
    const response = await post(LIKE)
    expect(response.statusCode).toBe(202)
    const { eventId } = response.json()
    expect(server.broker.events('feedback')).toEqual([{ ...LIKE, eventId, at: STREAM_TIME }])
    expect(server.broker.messages[0]?.message.key).toBe('42')
  })

  test('keeps the time, value and slate it is given', async () => {
    const rating = { userId: '42', itemId: '7', kind: 'rating', value: 4.5, requestId: 'slate-1', at: 12345 }
    const { eventId } = (await post(rating)).json()
    expect(server.broker.events('feedback')).toEqual([{ ...rating, eventId }])
  })

  test('takes a list as one batch, in its order, with an id for each', async () => {
    const facts = Array.from({ length: 1000 }, (_, i) => ({ ...LIKE, userId: `user-${i}` }))
    const response = await post(facts)
    expect(response.statusCode).toBe(202)
    const { eventIds } = response.json()
    expect(new Set(eventIds).size).toBe(1000)
    expect(server.broker.events('feedback').map((event) => event.eventId)).toEqual(eventIds)
    expect(server.broker.events('feedback').map((event) => event.userId)).toEqual(facts.map((fact) => fact.userId))
    expect(server.broker.batches).toEqual([{ topic: 'feedback', size: 1000 }])
  })

  test('does not answer before the broker has it', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    server.broker.hold = promise
    let answered = false
    const response = post(LIKE).then((value) => {
      answered = true
      return value
    })
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(answered).toBe(false)
    resolve()
    expect((await response).statusCode).toBe(202)
  })

  test('says 503 with Retry-After when the broker fails, and counts it', async () => {
    server.broker.failure = new Error('disk full')
    const response = await post([LIKE, LIKE])
    expect(response.statusCode).toBe(503)
    expect(response.headers['retry-after']).toBe('1')
    expect(response.json().type).toBe('urn:tributary:problem:unavailable')
    expect(response.body).not.toContain('disk full')
    expect((await server.app.inject('/metrics')).body).toContain('tributary_feedback_total{outcome="failed"} 2')
  })

  test.each([
    ['kind', { ...LIKE, kind: 'adore' }, 'rating, like, dislike'],
    ['kind', { userId: '42', itemId: '7' }, 'missing'],
    ['value', { ...LIKE, kind: 'rating' }, 'missing'],
    ['value', '{"userId":"42","itemId":"7","kind":"rating","value":NaN}', 'not JSON'],
    ['value', '{"userId":"42","itemId":"7","kind":"rating","value":1e999}', 'Infinity'],
    ['value', { ...LIKE, kind: 'rating', value: '5' }, 'number'],
    ['userId', { ...LIKE, userId: 42 }, 'string'],
    ['userId', { ...LIKE, userId: '' }, 'fewer than 1'],
    ['userId', { ...LIKE, userId: 'x'.repeat(129) }, 'more than 128'],
    ['itemId', { ...LIKE, itemId: 'a\u0007b' }, 'not allowed'],
    ['itemId', '{"userId":"42","itemId":"\\ud800","kind":"like"}', 'not allowed'],
    ['at', { ...LIKE, at: -1 }, '>= 0'],
    ['at', { ...LIKE, at: 1.5 }, 'integer'],
    ['at', { ...LIKE, at: 253402300799999 }, 'more than a day ahead'],
    ['mood', { ...LIKE, mood: 'good' }, 'not known here'],
    ['__proto__', '{"userId":"42","itemId":"7","kind":"like","__proto__":{"x":1}}', 'not known here'],
    ['[1].kind', [LIKE, { ...LIKE, kind: 'adore' }], 'rating, like, dislike'],
    ['[1]', [LIKE, null], 'object'],
    ['body', [], 'fewer than 1'],
    ['body', Array.from({ length: 1001 }, () => LIKE), 'more than 1000'],
    ['body', 'null', 'object'],
    ['body', '5', 'object'],
    ['body', '', 'empty'],
    ['body', '{', 'not JSON'],
    ['body', Buffer.from([0x22, 0xff, 0x22]), 'UTF-8'],
  ])('refuses a bad %s (%#) and writes nothing', async (parameter, payload, complaint) => {
    const response = await post(payload)
    expect(response.statusCode).toBe(400)
    const problem = response.json()
    expect(problem.detail).toContain(complaint)
    if (problem.type.endsWith('invalid-parameter')) expect(problem.parameter).toBe(parameter)
    expect(server.broker.messages).toEqual([])
  })

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'nonsense'])('refuses %s with 415', async (type) => {
    const response = await server.app.inject({
      method: 'POST',
      url: '/feedback',
      headers: { 'content-type': type },
      payload: JSON.stringify(LIKE),
    })
    expect(response.statusCode).toBe(415)
    expect(response.json().detail).toContain('application/json')
  })

  test('refuses a body of more than 1 MiB with 413', async () => {
    const response = await post(`"${'x'.repeat(1024 * 1024)}"`)
    expect(response.statusCode).toBe(413)
    expect(response.json().status).toBe(413)
  })
})
