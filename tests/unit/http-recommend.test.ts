import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { TributaryError } from '../../src/errors.ts'
import type { RecommendRequest, Slate } from '../../src/serving/recommender.ts'
import { createFakeServer, type FakeServer } from '../fakes/fake-server.ts'

let server: FakeServer
let errors: unknown[]

beforeEach(async () => {
  errors = []
  server = await createFakeServer({ onError: (error) => errors.push(error) })
})
afterEach(() => server.app.close())

const get = (url: string) => server.app.inject(url)

/** The requests the recommender is asked from now on. */
function spyOnRequests(): RecommendRequest[] {
  const requests: RecommendRequest[] = []
  const recommend = server.recommender.recommend.bind(server.recommender)
  server.recommender.recommend = (request) => {
    requests.push(request)
    return recommend(request)
  }
  return requests
}

describe('GET /recommend', () => {
  test('answers twenty items to a user never seen before', async () => {
    const response = await get('/recommend?user=nobody-yet')
    expect(response.statusCode).toBe(200)
    const slate: Slate = response.json()
    expect(slate.userId).toBe('nobody-yet')
    expect(slate.items).toHaveLength(20)
    expect(slate.items[0]).toMatchObject({
      itemId: expect.any(String),
      title: expect.any(String),
      section: expect.any(String),
    })
    expect(slate).not.toHaveProperty('debug')
    expect(slate).not.toHaveProperty('stagesMs')
  })

  test('features go to the log and not into the answer, and those of a session nowhere', async () => {
    const { app, broker } = await createFakeServer({ featureShare: 1 })
    for (const who of ['user=42', 'user=42&items=1']) {
      expect((await app.inject(`/recommend?${who}`)).json()).not.toHaveProperty('features')
    }
    await app.close()
    expect(broker.events('impressions').map(({ features }) => features?.ranker)).toEqual(['blend', undefined])
  })

  test('hands every parameter to the recommender', async () => {
    const requests = spyOnRequests()
    await get('/recommend?user=42&k=5&items=1,2&exclude=3&category=Drama&explain=true&debug=true')
    expect(requests).toEqual([
      {
        userId: '42',
        k: 5,
        items: ['1', '2'],
        exclude: ['3'],
        category: 'Drama',
        diversity: 0,
        diversifier: 'mmr',
        satisfaction: 0,
        novelty: 0,
        explain: true,
        debug: true,
      },
    ])
  })

  test('decodes percent-encoded ids once', async () => {
    const requests = spyOnRequests()
    await get(`/recommend?user=${encodeURIComponent('Zoë & 50%25')}`)
    expect(requests[0]?.userId).toBe('Zoë & 50%25')
  })

  test('answers an anonymous session by the items it brings, also when it brings none yet', async () => {
    const requests = spyOnRequests()
    expect((await get('/recommend?items=1')).json().items[0].section).toBe('Because of Glass Harbour')
    expect((await get('/recommend?items=')).statusCode).toBe(200)
    expect(requests.map((request) => request.items)).toEqual([['1'], []])
  })

  test('adds explanations and debug only when asked', async () => {
    const slate: Slate = (await get('/recommend?user=1&k=1&explain=true&debug=true')).json()
    expect(slate.items[0]?.explanation?.features).toHaveProperty('popularity')
    expect(slate.debug?.stagesMs).toEqual({ candidates: 0.4, blend: 0.2 })
  })

  test.each([
    ['user', '/recommend', 'is missing'],
    ['user', '/recommend?user=', 'fewer than 1'],
    ['user', `/recommend?user=${'x'.repeat(129)}`, 'more than 128'],
    ['user', '/recommend?user=a%00b', 'not allowed'],
    ['user', '/recommend?user=1&user=2', 'given once'],
    ['k', '/recommend?user=1&k=0', '>= 1'],
    ['k', '/recommend?user=1&k=-1', '>= 1'],
    ['k', '/recommend?user=1&k=1e9', '<= 100'],
    ['k', '/recommend?user=1&k=NaN', 'integer'],
    ['k', '/recommend?user=1&k=2.5', 'integer'],
    ['k', '/recommend?user=1&k=', 'integer'],
    ['items', '/recommend?items=1,,2', 'number 2'],
    ['items', `/recommend?items=${'1,'.repeat(200)}1`, 'at most 200'],
    ['exclude', `/recommend?user=1&exclude=${'1,'.repeat(1000)}1`, 'at most 1000'],
    ['exclude', '/recommend?user=1&exclude=%0A', 'number 1'],
    ['category', '/recommend?user=1&category=', 'fewer than 1'],
    ['explain', '/recommend?user=1&explain=maybe', 'boolean'],
    ['usr', '/recommend?usr=1', 'not known here'],
  ])('refuses a bad %s: %s', async (parameter, url, complaint) => {
    const response = await get(url)
    expect(response.statusCode).toBe(400)
    expect(response.headers['content-type']).toMatch('application/problem+json')
    const problem = response.json()
    expect(problem).toMatchObject({
      type: 'urn:tributary:problem:invalid-parameter',
      status: 400,
      parameter,
      instance: '/recommend',
    })
    expect(problem.detail).toContain(complaint)
  })

  test.each(['/recommend?user=%ff', '/recommend?user=%', '/recommend?user=%ED%A0%80', '/users/%C3%28'])(
    'refuses an address that is not percent-encoded UTF-8: %s',
    async (url) => {
      const response = await get(url)
      expect(response.statusCode).toBe(400)
      expect(response.json().type).toBe('urn:tributary:problem:malformed-request')
    },
  )

  test('says 503 with Retry-After when the state cannot be reached, and tells the operator why', async () => {
    const cause = new TributaryError('UNAVAILABLE', 'the state store at secret-host does not answer')
    server.recommender.recommend = () => Promise.reject(cause)
    const response = await get('/recommend?user=1')
    expect(response.statusCode).toBe(503)
    expect(response.headers['retry-after']).toBe('1')
    expect(response.body).not.toContain('secret-host')
    expect(errors).toEqual([cause])
  })

  test('says 500 without a word of the cause when something is broken', async () => {
    server.recommender.recommend = () => Promise.reject(new TypeError('cannot read secrets of undefined'))
    const response = await get('/recommend?user=1')
    expect(response.statusCode).toBe(500)
    expect(response.json()).toMatchObject({ type: 'urn:tributary:problem:internal', status: 500 })
    expect(response.body).not.toMatch(/secrets|\.ts|at /)
    expect(errors).toHaveLength(1)
  })

  test('writes each slate to the topic impressions', async () => {
    const slate: Slate = (await get('/recommend?user=42&k=2')).json()
    await server.app.close()
    expect(server.broker.events('impressions')).toMatchObject([
      {
        requestId: slate.requestId,
        userId: '42',
        release: 'live',
        items: slate.items.map(({ itemId, score }) => ({ itemId, score, sources: ['popular'] })),
      },
    ])
  })
})
