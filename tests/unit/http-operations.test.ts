import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createMetrics } from '../../src/serving/http/metrics.ts'
import { createFakeServer, type FakeServer } from '../fakes/fake-server.ts'

let server: FakeServer

const errors: unknown[] = []

beforeEach(async () => {
  errors.length = 0
  const onError = (error: unknown) => errors.push(error)
  server = await createFakeServer({ onError, limits: { maxInFlight: 2, closeTimeoutMs: 200 } })
})
afterEach(() => server.app.close())

const get = (url: string) => server.app.inject(url)
const like = () =>
  server.app.inject({ method: 'POST', url: '/feedback', payload: { userId: '1', itemId: '2', kind: 'like' } })

describe('operations', () => {
  test('/healthz is fine while /readyz says what is still missing', async () => {
    server.recommender.readiness = { ready: false, reason: 'the catalogue is being loaded' }
    expect((await get('/healthz')).json()).toEqual({ status: 'ok' })
    const response = await get('/readyz')
    expect(response.statusCode).toBe(503)
    expect(response.json().detail).toContain('the catalogue is being loaded')
    // Asked once a second while it starts: nothing to be written into a log.
    expect(errors).toEqual([])
    server.recommender.readiness = { ready: true }
    expect((await get('/readyz')).json()).toMatchObject({ ready: true, streamTime: expect.any(Number) })
  })

  test('/metrics counts requests by route and status, stages, degraded slates, feedback and the process', async () => {
    server.recommender.degraded = ['sequence']
    await get('/recommend?user=1')
    await get('/recommend?user=2&k=0')
    await like()
    const { body } = await get('/metrics')
    expect(body).toContain('tributary_http_requests_total{method="GET",route="/recommend",status="200"} 1')
    expect(body).toContain('tributary_http_requests_total{method="GET",route="/recommend",status="400"} 1')
    expect(body).toContain('tributary_http_request_seconds_count{method="GET",route="/recommend"} 1')
    expect(body).toContain('tributary_recommend_stage_seconds_count{stage="blend"} 1')
    expect(body).toContain('tributary_degraded_slates_total{missing="sequence"} 1')
    expect(body).toContain('tributary_feedback_total{outcome="accepted"} 1')
    expect(body).toMatch(/nodejs_eventloop_lag_seconds/)
    expect(body).toMatch(/process_resident_memory_bytes/)
  })

  test('gauges of others show their value at the time of the scrape', async () => {
    const metrics = createMetrics()
    let lag = 3
    metrics.addGauge('tributary_consumer_lag', 'Records not yet handled', () => ({ online: lag }), 'group')
    const text = await metrics.registry.metrics()
    expect(text).toContain('tributary_consumer_lag{group="online"} 3')
    lag = 0
    expect(await metrics.registry.metrics()).toContain('tributary_consumer_lag{group="online"} 0')
  })

  test('beyond the limit of requests in flight new ones get 503 with Retry-After, and operators still get through', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    server.broker.hold = promise
    const held = [like(), like()]
    await until(async () => (await get('/metrics')).body.includes('tributary_http_requests_in_flight 3'))
    const refused = await get('/recommend?user=1')
    expect(refused.statusCode).toBe(503)
    expect(refused.headers['retry-after']).toBe('1')
    expect(refused.json().type).toBe('urn:tributary:problem:overloaded')
    expect((await get('/healthz')).statusCode).toBe(200)
    resolve()
    expect((await Promise.all(held)).map((response) => response.statusCode)).toEqual([202, 202])
    expect((await get('/recommend?user=1')).statusCode).toBe(200)
  })

  test('a refused request takes no place among those in flight', async () => {
    for (let i = 0; i < 10; i++) await get('/recommend?user=1&k=0')
    for (let i = 0; i < 10; i++) await get('/recommend?user=1')
    expect((await get('/metrics')).body).toContain('tributary_http_requests_in_flight 1')
  })

  test('a blocked event loop is overload too, until it is free again', async () => {
    await server.app.close()
    server = await createFakeServer({ limits: { maxEventLoopLagMs: 150 } })
    await server.app.ready()
    const end = performance.now() + 600
    while (performance.now() < end);
    await until(async () => (await get('/recommend?user=1')).statusCode === 503)
    await until(async () => (await get('/recommend?user=1')).statusCode === 200)
  })

  test('data is never sniffed or kept, and the page may load from nowhere else but images', async () => {
    const data = await get('/recommend?user=1')
    expect(data.headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' })
    for (const url of ['/', '/docs/']) {
      const { headers, statusCode } = await get(url)
      expect(statusCode).toBe(200)
      expect(headers['content-security-policy']).toContain("default-src 'self'; img-src 'self' https: data:")
      expect(headers['access-control-allow-origin']).toBeUndefined()
    }
  })

  test('an unknown path gets a problem that says where to look', async () => {
    const response = await get('/recommendations')
    expect(response.statusCode).toBe(404)
    expect(response.json()).toMatchObject({ type: 'urn:tributary:problem:not-found', instance: '/recommendations' })
    expect((await server.app.inject({ method: 'POST', url: '/recommend' })).statusCode).toBe(404)
  })
})

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 5000
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('the condition was not met within 5 s')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
