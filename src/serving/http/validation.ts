// Validates requests against their schemas and turns the first error into a problem that names the parameter.
import { Ajv, type ErrorObject, type Options, type ValidateFunction } from 'ajv'
import type { FastifySchemaCompiler } from 'fastify'
import { Problem } from './problem.ts'
import { schemas } from './schemas.ts'

const options: Options = { schemas: schemas as Record<string, unknown>[], strict: false, verbose: true }

/** Bodies are taken as they are: `"5"` is no number. */
const bodies = new Ajv(options)
/** Queries and paths are text: `5` is a number where the schema asks for one. */
const texts = new Ajv({ ...options, coerceTypes: true, useDefaults: true })

/** How parts of a request are called in messages. */
const PARTS: Record<string, string> = { body: 'Body field', querystring: 'Query parameter', params: 'Path parameter' }

export const validatorCompiler: FastifySchemaCompiler<object> = ({ schema, httpPart = 'body' }) => {
  const validate = (httpPart === 'body' ? bodies : texts).compile(schema)
  return (value: unknown) => {
    // An absent body must meet the schema too.
    if (validate(value ?? null)) return { value }
    return { error: explain(validate.errors ?? [], httpPart) }
  }
}

const isOneId = bodies.getSchema('id') as ValidateFunction<string>

/**
 * A comma-separated list of ids; undefined where the parameter is absent, empty where it is empty.
 * @throws Problem naming the parameter when the list is too long or an id is not valid
 */
export function idList(parameter: string, text: string | undefined, maxIds: number): string[] | undefined {
  if (text === undefined) return undefined
  if (text === '') return []
  const ids = text.split(',')
  if (ids.length > maxIds) {
    const detail = `Query parameter ${parameter} has ${ids.length} ids, and at most ${maxIds} are taken: leave out the oldest.`
    throw new Problem('invalid-parameter', detail, parameter)
  }
  const wrong = ids.findIndex((id) => !isOneId(id))
  if (wrong >= 0) {
    const detail = `Query parameter ${parameter}: id number ${wrong + 1} is not valid. Expected: ids of 1 to 128 characters, none of them a control character, separated by commas.`
    throw new Problem('invalid-parameter', detail, parameter)
  }
  return ids
}

function explain(errors: readonly ErrorObject[], httpPart: string): Problem {
  // Of "one fact or a list of facts", the branch that was not meant complains of the type of the whole.
  const telling = errors.filter((error) => error.keyword !== 'oneOf' && error.keyword !== 'if')
  const error = telling.find((error) => error.instancePath !== '' || error.keyword !== 'type') ?? telling[0]!
  const parameter = fieldOf(error).slice(0, 128)
  const part = PARTS[httpPart] ?? httpPart
  const where = parameter ? `${part} ${parameter}` : 'The body'
  return new Problem('invalid-parameter', `${where} ${complaint(error)}`, parameter || httpPart)
}

/** The field an error is about, as one would write it: `[3].kind`; empty for the whole. */
function fieldOf({ instancePath, params }: ErrorObject): string {
  const member: string | undefined = params.missingProperty ?? params.additionalProperty
  const path = [...instancePath.split('/').slice(1), ...(member === undefined ? [] : [member])]
  return path.map((step, i) => (/^\d+$/.test(step) ? `[${step}]` : i === 0 ? step : `.${step}`)).join('')
}

function complaint(error: ErrorObject): string {
  const { keyword, params, parentSchema, data } = error
  if (keyword === 'required') return 'is missing: add it.'
  if (keyword === 'additionalProperties') {
    return `is not known here: leave it out, or use one of ${Object.keys(parentSchema?.properties ?? {}).join(', ')}.`
  }
  if (keyword === 'type' && Array.isArray(data) && params.type !== 'array') return `must be ${params.type}, given once.`
  const message = keyword === 'pattern' ? 'has a character that is not allowed' : error.message
  const allowed = keyword === 'enum' ? ` (${params.allowedValues.join(', ')})` : ''
  const meaning = parentSchema?.description ? ` Meaning: ${parentSchema.description}` : ''
  return `${message}${allowed}${shown(data)}.${meaning}`
}

function shown(data: unknown): string {
  if (data === null || typeof data === 'object') return ''
  const text = typeof data === 'string' ? JSON.stringify(data) : String(data)
  return `, but is ${text.length > 60 ? `${text.slice(0, 60)}…` : text}`
}
