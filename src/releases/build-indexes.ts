import type { ModelName } from '../models/model-trainer.ts'
import type { Tensors } from '../models/tensors.ts'
import { ExactVectorIndex } from '../vector-index/exact-vector-index.ts'
import { HnswlibVectorIndex, loadHnswlib } from '../vector-index/hnswlib-vector-index.ts'
import type { VectorIndex } from '../vector-index/vector-index.ts'
import { calibrate, type Probe } from './index-recall.ts'

/** Finds 99.9 % of the 100 nearest among some thousand items, and takes some tenths of a millisecond. */
const EF_SEARCH = 200

/**
 * Up to so many vectors to look at each is faster than to find a way among them, for the 300 that a source proposes
 * (tributary bench index): a release has no graph of them.
 */
const EXACT_UP_TO = 10_000

/**
 * An index over the tensor `items` of each model that has one.
 *
 * @param probesFor what a model will be asked: its index looks at as many vectors as it takes to find enough of that
 * @param exactUpTo vectors that are compared one by one
 * @throws BAD_INPUT where a number is not finite
 */
export async function buildIndexes(
  models: ReadonlyMap<ModelName, Tensors>,
  probesFor: (name: ModelName, tensors: Tensors) => readonly Probe[] = () => [],
  exactUpTo = EXACT_UP_TO,
): Promise<Map<ModelName, VectorIndex>> {
  const indexes = new Map<ModelName, VectorIndex>()
  for (const [name, tensors] of models) {
    const items = tensors.get('items')
    if (!items) continue
    const index = await buildIndex(items.data, items.shape[1]!, exactUpTo)
    if (index instanceof HnswlibVectorIndex) calibrate(index, probesFor(name, tensors))
    indexes.set(name, index)
  }
  return indexes
}

/** hnswlib where it is worth it and installed, else exact. @param vectors (items, dimensions), labelled by their row */
async function buildIndex(vectors: Float32Array, dimensions: number, exactUpTo: number): Promise<VectorIndex> {
  const rows = vectors.length / dimensions
  const library = rows > exactUpTo ? await loadHnswlib() : undefined
  const index = library
    ? HnswlibVectorIndex.create(library, { dimensions, efSearch: EF_SEARCH, capacity: rows })
    : new ExactVectorIndex(dimensions, rows)
  for (let row = 0; row < rows; row++) index.add(row, vectors.subarray(row * dimensions, (row + 1) * dimensions))
  return index
}
