import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createFakeServer, type FakeServer } from '../fakes/fake-server.ts'

let server: FakeServer

beforeEach(async () => {
  server = await createFakeServer()
})
afterEach(() => server.app.close())

const get = (url: string) => server.app.inject(url)
const put = (url: string, payload: object) => server.app.inject({ method: 'PUT', url, payload })

describe('the catalogue', () => {
  test('GET /similar/:item answers k items that go with it', async () => {
    const { items } = (await get('/similar/1?k=3')).json()
    expect(items).toHaveLength(3)
    expect(items[0].itemId).not.toBe('1')
  })

  test('GET /neighbours/:item answers the k nearest in each space', async () => {
    const { title, release, spaces } = (await get('/neighbours/1?k=3')).json()
    expect({ title, release }).toEqual({ title: 'Glass Harbour', release: 'live' })
    expect(spaces).toHaveLength(1)
    expect(spaces[0]).toMatchObject({ name: 'co-visitation', neighbours: [{ score: expect.any(Number) }, {}, {}] })
  })

  test('GET /popular answers by popularity unless asked for the trend', async () => {
    expect((await get('/popular?k=1')).json().items[0].itemId).toBe('1')
    expect((await get('/popular?k=1&by=trend')).json().items[0].itemId).toBe('100')
  })

  test('GET /items/:id answers the entry', async () => {
    expect((await get('/items/1')).json()).toMatchObject({ itemId: '1', title: 'Glass Harbour', year: 1950 })
  })

  test.each(['/similar/no-such-item', '/neighbours/no-such-item', '/items/no-such-item', '/users/no-such-user'])(
    'answers 404 to %s, naming the id',
    async (url) => {
      const response = await get(url)
      expect(response.statusCode).toBe(404)
      expect(response.json().detail).toContain('no-such-')
    },
  )

  test.each([
    '/similar/1?k=0',
    '/similar/1?k=101',
    '/neighbours/1?k=0',
    '/popular?by=luck',
    '/popular?k=x',
    `/items/${'x'.repeat(129)}`,
  ])('answers 400 to %s', async (url) => {
    expect((await get(url)).statusCode).toBe(400)
  })

  test('takes ids with slashes, spaces and 128 characters outside ASCII', async () => {
    for (const id of ['a/b c', '🎬'.repeat(128)]) {
      expect((await put(`/items/${encodeURIComponent(id)}`, { title: 'x' })).json()).toEqual({ itemId: id })
    }
  })

  test('answers 414 when the path is longer than any id', async () => {
    expect((await get(`/items/${'x'.repeat(4000)}`)).statusCode).toBe(414)
  })

  test('PUT /items/:id writes the whole entry to the topic items, keyed by its id', async () => {
    const item = { title: 'Ember Line', genres: ['Drama'], year: 1999, available: true }
    const response = await put('/items/new-1', item)
    expect(response.statusCode).toBe(202)
    expect(response.json()).toEqual({ itemId: 'new-1' })
    expect(server.broker.events('items')).toEqual([{ ...item, itemId: 'new-1' }])
    expect(server.broker.messages[0]?.message.key).toBe('new-1')
  })

  test.each([
    ['title', {}],
    ['title', { title: '' }],
    ['year', { title: 'x', year: '1999' }],
    ['genres', { title: 'x', genres: 'Drama' }],
    ['studio', { title: 'x', studio: 'y' }],
    ['itemId', { title: 'x', itemId: 'another' }],
  ])('PUT /items/:id refuses a bad %s (%#)', async (parameter, body) => {
    const response = await put('/items/1', body)
    expect(response.statusCode).toBe(400)
    expect(response.json().parameter).toBe(parameter)
    expect(server.broker.messages).toEqual([])
  })

  test('PUT /items/:id answers 503 when the broker fails', async () => {
    server.broker.failure = new Error('down')
    expect((await put('/items/1', { title: 'x' })).statusCode).toBe(503)
  })
})

describe('DELETE /users/:id', () => {
  const forget = (id: string) => server.app.inject({ method: 'DELETE', url: `/users/${encodeURIComponent(id)}` })

  test('asks on the topic users that they are forgotten', async () => {
    const response = await forget('4/2')
    expect(response.statusCode).toBe(202)
    expect(response.json()).toEqual({ userId: '4/2' })
    expect(server.broker.events('users')).toEqual([{ userId: '4/2', forgotten: true }])
    expect(server.broker.messages[0]?.message.key).toBe('4/2')
  })

  test('answers 503 when the broker fails', async () => {
    server.broker.failure = new Error('down')
    expect((await forget('1')).statusCode).toBe(503)
  })
})

describe('GET /users/:id', () => {
  test('answers history and features of a user who left a trace', async () => {
    server.recommender.apply({ eventId: 'e', userId: '42', itemId: '1', kind: 'rating', value: 4, at: 1000 })
    const user = (await get('/users/42')).json()
    expect(user.history).toEqual([{ itemId: '1', title: 'Glass Harbour', kind: 'rating', value: 4, at: 1000 }])
    expect(user.features).toMatchObject({ count: 1, meanValue: null, lastAt: 1000 })
  })
})
