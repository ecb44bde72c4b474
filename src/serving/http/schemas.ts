// The HTTP schemas of schemas/http beside the event schemas they refer to; validation, serialization and OpenAPI read these.
import { readdirSync, readFileSync } from 'node:fs'
import { schemas as eventSchemas } from '../../events/codec.ts'

type Schema = Record<string, unknown>

const folder = new URL('../../../schemas/http/', import.meta.url)

const ITEM_EXAMPLE = { title: 'Raiders of the Lost Ark', genres: ['Action', 'Adventure'], year: 1981 }
const item = {
  ...eventSchemas.find((schema) => schema.$id === 'item'),
  examples: [{ itemId: '1198', ...ITEM_EXAMPLE }],
}

/** What travels in bodies, both ways, each under its `$id`. */
export const schemas: readonly Schema[] = [
  ...eventSchemas.filter((schema) => schema.$id !== 'item'),
  item,
  {
    ...item,
    $id: 'item-upsert',
    title: 'ItemUpsert',
    description: 'The catalogue entry, the whole of it. `itemId` may be left to the path.',
    required: ['title'],
    examples: [ITEM_EXAMPLE],
  },
  ...readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => read(name)),
]

/** For a route's `querystring`. */
export function querySchema(
  route: 'recommend' | 'similar' | 'neighbours' | 'popular' | 'users' | 'inspect' | 'slate-stream' | 'dead-letters',
): Schema {
  return read(`queries/${route}.json`)
}

function read(path: string): Schema {
  return JSON.parse(readFileSync(new URL(path, folder), 'utf8'))
}

/** For a route's `params`: one id, under its name in the path. */
export function idParam(name: string, example: string): Schema {
  const id = { allOf: [{ $ref: 'id' }], description: 'At most 128 characters, percent-encoded.', examples: [example] }
  return { type: 'object', required: [name], properties: { [name]: id } }
}

/** For a route's `response`: the problems it answers with, by status. */
export function problems(...statuses: readonly number[]): Record<number, unknown> {
  return Object.fromEntries(statuses.map((status) => [status, problemResponse(ABOUT[status]!)]))
}

const ABOUT: Record<number, string> = {
  400: 'The request is not valid; `parameter` names what is to blame.',
  404: 'It is not known.',
  413: 'The body is larger than 1 MiB.',
  415: 'The body is not JSON.',
  503: 'Overloaded or not available just now: try again after `Retry-After` seconds.',
}

function problemResponse(description: string) {
  return { description, content: { 'application/problem+json': { schema: { $ref: 'problem#' } } } }
}
