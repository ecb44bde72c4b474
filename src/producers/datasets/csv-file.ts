import { basename } from 'node:path'
import { TributaryError } from '../../errors.ts'
import { MAX_AHEAD_MS } from '../../events/codec.ts'
import { KINDS } from '../../events/kinds.ts'
import type { Kind } from '../../events/types.ts'
import { type Dataset, datasetNameOf } from './dataset.ts'
import { parseNumber, splitCsv } from './fields.ts'
import { IdTable } from './id-table.ts'
import { InteractionTable } from './interaction-table.ts'
import { type OnProblem, readLines } from './lines.ts'
import { tableDataset } from './table-dataset.ts'
import { parseTime } from './time.ts'

/** Header names, in lower case without blanks, `_` and `-`. */
const COLUMNS = {
  user: ['user', 'userid', 'uid', 'customer', 'customerid', 'visitor', 'visitorid'],
  item: ['item', 'itemid', 'movie', 'movieid', 'product', 'productid'],
  time: ['time', 'timestamp', 'at', 'date', 'datetime'],
  value: ['value', 'rating', 'score', 'stars'],
  kind: ['kind', 'event', 'eventtype', 'type', 'action'],
} as const

type Column = keyof typeof COLUMNS

export const COLUMN_NAMES = Object.keys(COLUMNS) as readonly Column[]

/** What columns are called in a file, where it is not one of the names that are known. */
export type ColumnNames = Partial<Record<Column, string>>

/**
 * A user's own file of interactions: comma, semicolon or tab separated, with a header that names user, item and time,
 * and maybe value and kind. Without a kind, a row with a value is a rating and one without was watched. There is no
 * catalogue: an item is called by its id until someone puts it.
 *
 * @param names of columns that are called otherwise, exactly as in the header
 */
export async function openCsvFile(file: string, onProblem: OnProblem, names: ColumnNames = {}): Promise<Dataset> {
  const name = datasetNameOf(basename(file).replace(/\.(csv|tsv|txt)?(\.gz)?$/i, ''))
  const into = { table: new InteractionTable(), users: new IdTable(), items: new IdTable() }
  let parseRow: ((line: string) => string | undefined) | undefined
  await readLines(file, onProblem, (bytes, start, end) => {
    const line = bytes.toString('utf8', start, end)
    if (parseRow) return parseRow(line)
    parseRow = rowParser(readHeader(file, line, names), into)
    return undefined
  })
  const catalogue = { [Symbol.iterator]: () => into.items.ids.map((itemId) => ({ itemId, title: itemId })).values() }
  return tableDataset({ name, about: `${name} (${file})`, ...into, catalogue, profiles: [] })
}

interface Into {
  readonly table: InteractionTable
  readonly users: IdTable
  readonly items: IdTable
}

function rowParser(header: Header, { table, users, items }: Into): (line: string) => string | undefined {
  const { delimiter, columns, width } = header
  const field = (fields: readonly string[], column: Column) => fields[columns[column] ?? width]?.trim() ?? ''
  const latestAt = Date.now() + MAX_AHEAD_MS
  return (line) => {
    const fields = splitCsv(line, delimiter)
    if (!fields) return 'a quote is not closed'
    if (fields.length !== width) return `expected ${width} fields as in the header, found ${fields.length}`
    const at = parseTime(field(fields, 'time'))
    if (at === undefined || at > latestAt) {
      return `not a time up to now in ms, seconds or ISO 8601: ${JSON.stringify(field(fields, 'time'))}`
    }
    const text = field(fields, 'value')
    const value = text === '' ? Number.NaN : parseNumber(text)
    if (text !== '' && !(Math.abs(value) <= 1e6)) return `not a value within ±1,000,000: ${JSON.stringify(text)}`
    const kind = KINDS.indexOf((field(fields, 'kind').toLowerCase() || (text === '' ? 'watched' : 'rating')) as Kind)
    if (kind < 0) return `not a kind: ${JSON.stringify(field(fields, 'kind'))}; known are ${KINDS.join(', ')}`
    if (KINDS[kind] === 'rating' && text === '') return 'a rating without a value'
    const user = users.intern(field(fields, 'user'))
    if (user < 0) return 'not a user id: ids have 1 to 128 characters'
    const item = items.intern(field(fields, 'item'))
    if (item < 0) return 'not an item id: ids have 1 to 128 characters'
    table.add(user, item, kind, value, at)
    return undefined
  }
}

interface Header {
  readonly delimiter: string
  readonly width: number
  readonly columns: Partial<Record<Column, number>>
}

function readHeader(file: string, line: string, given: ColumnNames): Header {
  const delimiter = [',', ';', '\t'].find((candidate) => line.includes(candidate)) ?? ','
  const names = splitCsv(line, delimiter) ?? []
  const plain = names.map((name) => name.toLowerCase().replaceAll(/[\s_-]/g, ''))
  const columns: Partial<Record<Column, number>> = {}
  for (const [column, aliases] of Object.entries(COLUMNS) as [Column, readonly string[]][]) {
    const called = given[column]
    const index =
      called === undefined
        ? plain.findIndex((name) => aliases.includes(name))
        : names.findIndex((name) => name.trim() === called)
    if (index >= 0) columns[column] = index
    else if (called !== undefined) {
      const message = `${file}: no column ${JSON.stringify(called)} for ${column}; there are ${names.join(', ')}`
      throw new TributaryError('BAD_INPUT', message, { file, column })
    }
  }
  const missing = (['user', 'item', 'time'] as const).filter((column) => columns[column] === undefined)
  if (missing.length) {
    throw new TributaryError(
      'BAD_INPUT',
      `${file}: the first line must name the columns user, item and time (and may name value and kind), or \`--columns\` ` +
        `say what they are called; no ${missing.join(', no ')} in ${JSON.stringify(line.slice(0, 200))}`,
      { file, missing },
    )
  }
  return { delimiter, columns, width: names.length }
}
