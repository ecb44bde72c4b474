import { InvalidArgumentError } from 'commander'
import { COLUMN_NAMES, type ColumnNames } from '../producers/datasets/csv-file.ts'

/** Reads `user=visitor,item=sku,time=seen_at`. */
export function columnNames(text: string): ColumnNames {
  const pairs = text.split(',').map((pair) => {
    const [column, ...name] = pair.split('=')
    return [column!.trim(), name.join('=').trim()] as const
  })
  for (const [column, name] of pairs) {
    if (!(COLUMN_NAMES as readonly string[]).includes(column) || name === '') {
      throw new InvalidArgumentError(
        `Names are needed as in user=visitor,item=sku; there are ${COLUMN_NAMES.join(', ')}.`,
      )
    }
  }
  return Object.fromEntries(pairs)
}
