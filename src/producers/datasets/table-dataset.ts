import { TributaryError } from '../../errors.ts'
import type { Item, User } from '../../events/types.ts'
import type { Dataset } from './dataset.ts'
import type { IdTable } from './id-table.ts'
import type { InteractionTable } from './interaction-table.ts'

/** A data set that was read whole from files. */
export function tableDataset(parts: {
  readonly name: string
  readonly about: string
  readonly table: InteractionTable
  readonly users: IdTable
  readonly items: IdTable
  readonly catalogue: Iterable<Item>
  readonly profiles: Iterable<User>
}): Dataset {
  const { name, about, table, users, items, catalogue, profiles } = parts
  if (table.length === 0) {
    throw new TributaryError('BAD_INPUT', `${about} has no interactions: are its files whole?`, { dataset: name })
  }
  table.sort()
  return {
    name,
    about,
    size: table.length,
    firstAt: table.firstAt,
    lastAt: table.lastAt,
    userIds: users.ids,
    itemIds: items.ids,
    chunks: (first) => table.chunks(first),
    items: () => catalogue,
    users: () => profiles,
  }
}
