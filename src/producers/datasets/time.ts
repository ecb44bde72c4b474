import { parseNumber } from './fields.ts'

/** Below, a number is seconds (until the year 5138); from here on, milliseconds (since March 1973). */
const FIRST_MILLISECONDS = 1e11

const ISO_8601 = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d:?\d\d)?)?$/i

/** Event time in ms of milliseconds, seconds or ISO 8601 (UTC where no zone is given); undefined for anything else. */
export function parseTime(text: string): number | undefined {
  const number = parseNumber(text)
  if (!Number.isNaN(number)) {
    const ms = Math.round(number < FIRST_MILLISECONDS ? number * 1000 : number)
    return ms >= 0 ? ms : undefined
  }
  const match = ISO_8601.exec(text)
  if (!match) return undefined
  const ms = Date.parse(`${match[1]}T${match[2] ?? '00:00'}${match[3] ?? 'Z'}`)
  return ms >= 0 ? ms : undefined
}
