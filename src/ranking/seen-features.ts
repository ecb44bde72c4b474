import type { Scored } from '../retrieval/retriever.ts'
import type { FeatureReader } from './features.ts'

/** What a ranker sees of some items. */
export interface SeenFeatures {
  readonly names: readonly string[]
  /** (items, names) */
  readonly items: Float32Array
  readonly contextNames: readonly string[]
  readonly context: Float32Array
}

/**
 * The features of some items among the candidates that are ranked. Many are relative to the best of these, so an item that
 * is not among them is read beside them, and takes nothing from the others.
 */
export function seenFeatures(
  reader: FeatureReader,
  scored: Scored,
  candidates: readonly number[],
  items: readonly number[],
): SeenFeatures {
  const { names, contextNames } = reader
  const width = names.length
  const rows = new Float32Array(items.length * width)
  const put = (from: Float32Array, row: number, place: number) =>
    rows.set(from.subarray(row * width, (row + 1) * width), place * width)
  const table = reader.read(scored, candidates)
  const context = table.context.slice()
  const rowOf = new Map(candidates.map((item, row) => [item, row]))
  const others = items.filter((item) => !rowOf.has(item))
  for (const [place, item] of items.entries()) if (rowOf.has(item)) put(table.items, rowOf.get(item)!, place)
  if (others.length > 0) {
    const beside = reader.read(scored, [...candidates, ...others])
    for (const [i, item] of others.entries()) put(beside.items, candidates.length + i, items.indexOf(item))
  }
  return { names, items: rows, contextNames, context }
}
