import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createFakeServer, type FakeServer } from '../fakes/fake-server.ts'

interface Media {
  schema: Record<string, unknown>
  example?: unknown
}
interface Operation {
  summary?: string
  tags?: string[]
  parameters?: { name: string; description?: string; example?: unknown; schema: Record<string, unknown> }[]
  requestBody?: { content: Record<string, Media> }
  responses: Record<string, { description: string; content?: Record<string, Media> }>
}
interface Description {
  openapi: string
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, { examples?: unknown[] }> }
}

let server: FakeServer
let description: Description
let ajv: Ajv2020

beforeAll(async () => {
  server = await createFakeServer()
  description = (await server.app.inject('/openapi.json')).json()
  ajv = new Ajv2020({ strict: false, allErrors: true })
  ajv.addSchema(description, 'openapi')
})
afterAll(() => server.app.close())

const operations = () =>
  Object.entries(description.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  )

/** Complaints about a value against a schema of the description, found by the keys that lead to it. */
function complaints(keys: string[], value: unknown): string {
  const pointer = keys.map((key) => key.replaceAll('~', '~0').replaceAll('/', '~1')).join('/')
  const validate = ajv.getSchema(`openapi#/${encodeURI(pointer)}`)
  if (!validate) throw new Error(`${pointer} is not described`)
  return validate(value) ? '' : ajv.errorsText(validate.errors)
}

describe('/openapi.json', () => {
  test('describes every route there is, apart from the page and the docs', () => {
    const own = /^\/($|(operator|inspector)$|docs|[\w/-]+\.(html|js|css|svg|woff2)$)/
    const registered = routesOf(server.app.printRoutes({ commonPrefix: false })).filter(({ path }) => !own.test(path))
    const described = operations().map(({ path, method }) => `${method.toUpperCase()} ${path}`)
    expect(registered.length).toBeGreaterThan(10)
    expect(registered.map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`).sort()).toEqual(
      described.sort(),
    )
  })

  test('says of every operation what it does, and of every answer what it holds', () => {
    expect(description.openapi).toBe('3.1.0')
    for (const { path, method, operation } of operations()) {
      const where = `${method} ${path}`
      expect(operation.summary, where).toBeTruthy()
      expect(operation.tags, where).toHaveLength(1)
      for (const [status, response] of Object.entries(operation.responses)) {
        expect(response.description, `${where} ${status}`).not.toBe('Default Response')
        expect(Object.keys(response.content ?? {}), `${where} ${status}`).toHaveLength(1)
      }
      for (const parameter of operation.parameters ?? []) {
        expect(parameter.description, `${where} ${parameter.name}`).toBeTruthy()
      }
    }
  })

  test('gives an example of every body, and each is valid', () => {
    const bodies = operations().flatMap(({ path, method, operation }) =>
      [
        ...Object.entries(operation.requestBody?.content ?? {}),
        ...Object.entries(operation.responses).flatMap(([, response]) => Object.entries(response.content ?? {})),
      ].map(([, media]) => ({ where: `${method} ${path}`, media })),
    )
    for (const { where, media } of bodies) {
      const name = String(media.schema.$ref ?? '')
        .split('/')
        .at(-1)!
      const examples = description.components.schemas[name]?.examples ?? [media.example].filter(Boolean)
      expect(examples.length, `${where}: ${name || 'its schema'} has examples`).toBeGreaterThan(0)
      for (const example of name ? examples : []) {
        expect(complaints(['components', 'schemas', name], example), `example of ${name}`).toBe('')
      }
    }
  })

  test.each([
    ['GET', '/recommend?user=1&k=3&explain=true&debug=true', '/recommend', 200],
    ['GET', '/recommend?user=1&k=0', '/recommend', 400],
    ['POST', '/feedback', '/feedback', 202, { userId: '1', itemId: '2', kind: 'like' }],
    ['POST', '/feedback', '/feedback', 202, [{ userId: '1', itemId: '2', kind: 'rating', value: 4 }]],
    ['POST', '/feedback', '/feedback', 400, []],
    ['GET', '/similar/1', '/similar/{item}', 200],
    ['GET', '/similar/none', '/similar/{item}', 404],
    ['GET', '/popular?by=trend', '/popular', 200],
    ['GET', '/items/1', '/items/{id}', 200],
    ['PUT', '/items/1', '/items/{id}', 202, { title: 'x' }],
    ['GET', '/users?k=2', '/users', 200],
    ['GET', '/users?k=0', '/users', 400],
    ['GET', '/users/seen', '/users/{id}', 200],
    ['GET', '/users/unseen', '/users/{id}', 404],
    ['GET', '/inspect/seen?target=1', '/inspect/{user}', 200],
    ['GET', '/inspect/unseen?target=2&k=3', '/inspect/{user}', 200],
    ['GET', '/inspect/unseen', '/inspect/{user}', 200],
    ['GET', '/inspect/unseen?k=101', '/inspect/{user}', 400],
    ['GET', '/healthz', '/healthz', 200],
    ['GET', '/readyz', '/readyz', 200],
  ] as const)('%s %s answers as described under %s', async (method, url, path, status, payload?: object) => {
    server.recommender.apply({ eventId: 'e', userId: 'seen', itemId: '1', kind: 'rating', value: 3, at: 1 })
    const response = await server.app.inject({ method, url, ...(payload && { payload }) })
    expect(response.statusCode).toBe(status)
    const type = String(response.headers['content-type']).split(';', 1)[0]!
    const keys = ['paths', path, method.toLowerCase(), 'responses', String(status), 'content', type, 'schema']
    expect(complaints(keys, response.json())).toBe('')
  })
})

/** Reads the tree that fastify prints: four columns a level, methods in brackets. */
function routesOf(tree: string): { method: string; path: string }[] {
  const parents: string[] = []
  return tree
    .split('\n')
    .filter(Boolean)
    .flatMap((line) => {
      const [, indent, segment, methods] = /^([│├└─\s]+)(\S+)(?: \((.*)\))?$/.exec(line)!
      const depth = indent!.length / 4
      parents.length = depth - 1
      parents.push(segment!)
      return (methods?.split(', ') ?? []).map((method) => ({ method, path: parents.join('') }))
    })
}
