import { MAX_AHEAD_MS } from '../../events/codec.ts'
import { KINDS } from '../../events/kinds.ts'
import { parseDecimal, splitBytes } from './fields.ts'
import type { IdTable } from './id-table.ts'
import type { InteractionTable } from './interaction-table.ts'
import { type OnProblem, readLines } from './lines.ts'

const RATING = KINDS.indexOf('rating')

/** A rating outside of this is no rating of any MovieLens set. */
const MAX_RATING = 10

/** All MovieLens sets have user, item, rating and seconds in this order; only the separator differs. */
export async function readRatings(
  file: string,
  layout: { readonly separator: string; readonly header: boolean },
  into: { readonly table: InteractionTable; readonly users: IdTable; readonly items: IdTable },
  onProblem: OnProblem,
): Promise<void> {
  const { table, users, items } = into
  const separator = Buffer.from(layout.separator)
  const bounds = new Int32Array(64)
  const latestSeconds = (Date.now() + MAX_AHEAD_MS) / 1000
  await readLines(file, onProblem, (bytes, start, end, line) => {
    if (layout.header && line === 1) return undefined
    const fields = splitBytes(bytes, start, end, separator, bounds)
    if (fields !== 4) return `expected 4 fields separated by ${JSON.stringify(layout.separator)}, found ${fields}`
    const value = parseDecimal(bytes, bounds[4]!, bounds[5]!)
    if (!(value >= 0 && value <= MAX_RATING)) return `not a rating: ${quote(bytes, bounds[4]!, bounds[5]!)}`
    const seconds = parseDecimal(bytes, bounds[6]!, bounds[7]!)
    if (!(Number.isInteger(seconds) && seconds >= 0 && seconds <= latestSeconds)) {
      return `not a time in seconds up to now: ${quote(bytes, bounds[6]!, bounds[7]!)}`
    }
    const user = users.internBytes(bytes, bounds[0]!, bounds[1]!)
    if (user < 0) return `not a user id: ${quote(bytes, bounds[0]!, bounds[1]!)}`
    const item = items.internBytes(bytes, bounds[2]!, bounds[3]!)
    if (item < 0) return `not an item id: ${quote(bytes, bounds[2]!, bounds[3]!)}`
    table.add(user, item, RATING, value, seconds * 1000)
    return undefined
  })
}

function quote(bytes: Buffer, start: number, end: number): string {
  return JSON.stringify(bytes.toString('utf8', start, Math.min(end, start + 40)))
}
