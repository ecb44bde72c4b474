import { isUtf8 } from 'node:buffer'
import { readdirSync, readFileSync } from 'node:fs'
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import type { Topic } from './topics.ts'
import type { DeadLetter, Impression, Interaction, Item, Release, User } from './types.ts'

/** What travels on each topic. */
export interface EventOf {
  ratings: Interaction
  feedback: Interaction
  items: Item
  users: User
  impressions: Impression
  releases: Release
  'dead-letters': DeadLetter
}

/** A refusal is an expected outcome, not an error: it says what is wrong with the bytes and where. */
export type Decoded<T> = { readonly ok: true; readonly event: T } | { readonly ok: false; readonly reason: string }

const SCHEMA_OF: Record<Topic, string> = {
  ratings: 'interaction',
  feedback: 'interaction',
  items: 'item',
  users: 'user',
  impressions: 'impression',
  releases: 'release',
  'dead-letters': 'dead-letter',
}

/** An event may be this far ahead of the wall clock, for clocks that disagree; beyond, it would move stream time. */
export const MAX_AHEAD_MS = 24 * 3600 * 1000

const folder = new URL('../../schemas/', import.meta.url)

/** The JSON Schemas of `schemas/`, each under its `$id`. */
export const schemas: readonly Record<string, unknown>[] = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .sort()
  .map((name) => JSON.parse(readFileSync(new URL(name, folder), 'utf8')))

const ajv = new Ajv({ schemas: schemas as Record<string, unknown>[], strict: false, allErrors: false })
const validators = Object.fromEntries(
  Object.entries(SCHEMA_OF).map(([topic, schema]) => [topic, ajv.getSchema(schema)!]),
) as Record<Topic, ValidateFunction>

/** JSON in UTF-8. The caller answers for the event's validity: `decode` on the other side refuses what is not. */
export function encode<T extends Topic>(_topic: T, event: EventOf[T]): Uint8Array {
  return Buffer.from(JSON.stringify(event))
}

/** Decodes and validates one message's value. Never throws. */
export function decode<T extends Topic>(topic: T, value: Uint8Array, now = Date.now()): Decoded<EventOf[T]> {
  if (!isUtf8(value)) return { ok: false, reason: 'not valid UTF-8' }
  let event: unknown
  try {
    event = JSON.parse(Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('utf8'))
  } catch (cause) {
    return { ok: false, reason: `not JSON: ${(cause as Error).message}` }
  }
  return validate(topic, event, now)
}

/** Validates a value that has already been parsed. Never throws. */
export function validate<T extends Topic>(topic: T, event: unknown, now = Date.now()): Decoded<EventOf[T]> {
  const check = validators[topic]
  if (!check(event)) return { ok: false, reason: explain(check.errors?.[0]) }
  const at = (event as { at?: number }).at
  if (at !== undefined && at > now + MAX_AHEAD_MS) {
    return { ok: false, reason: `at: ${at} is more than a day ahead of the clock (${now}); is it in milliseconds?` }
  }
  return { ok: true, event: event as EventOf[T] }
}

function explain(error: ErrorObject | undefined): string {
  if (!error) return 'does not match its schema'
  const where = error.instancePath.slice(1).replaceAll('/', '.')
  const extra = error.params.additionalProperty ?? error.params.allowedValues?.join(', ')
  return `${where ? `${where}: ` : ''}${error.message}${extra === undefined ? '' : ` (${extra})`}`
}
