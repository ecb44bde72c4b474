import { TributaryError } from '../errors.ts'
import { KEYS } from './keys.ts'

/**
 * Tables that are read whole whenever a partition changes hands, and are small: a chunk is 128 names. Their keys are
 * also kept in a sorted set, because finding them otherwise means going through every key of the server. The large
 * tables (a key per user or item) do without: an index would cost each of them some 100 bytes, for digests alone.
 */
const INDEXED_TABLES: readonly string[] = [KEYS.items, KEYS.genres]

export const isIndexed = (key: string): boolean => INDEXED_TABLES.some((table) => key.startsWith(table))

/** What the state under this prefix is divided by, for all groups. */
export const partitionCountKey = (prefix: string): string => `${prefix}partitions`

/**
 * Every key of one partition of a group. The braces are Redis Cluster's hash tag: all of them live in one slot, so that
 * one script call can commit them together.
 */
export interface PartitionKeys {
  /** A hash: the owner's `fence`, and `offset:<topic>`. */
  readonly record: string
  /** A sorted set of keys of the indexed tables, all of score 0: it sorts by bytes. */
  readonly index: string
  /** What the key of every value begins with. */
  readonly values: string
}

/** @throws TributaryError BAD_USAGE where the group's name would end the hash tag */
export function partitionKeys(prefix: string, group: string, partition: number): PartitionKeys {
  const record = `${prefix}{${checked(group, 'the group')}/${partition}}`
  return { record, index: `${record}#index`, values: `${record}:` }
}

/** A name that may stand before or in a hash tag. */
export function checked(name: string, what: string): string {
  if (!/[{}]/.test(name)) return name
  throw new TributaryError('BAD_USAGE', `${what} ${JSON.stringify(name)} has a brace, which keys in Redis cannot have`)
}

/** A glob pattern, as SCAN takes it, of what begins with `text`. */
export const startsWith = (text: string): string => `${text.replace(/[\\*?[\]^-]/g, '\\$&')}*`
