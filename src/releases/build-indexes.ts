import type { ModelName } from '../models/model-trainer.ts'
import type { Tensors } from '../models/tensors.ts'
import { ExactVectorIndex } from '../vector-index/exact-vector-index.ts'
import { HnswlibVectorIndex, loadHnswlib } from '../vector-index/hnswlib-vector-index.ts'
import type { VectorIndex } from '../vector-index/vector-index.ts'
import { calibrate, type Probe } from './index-recall.ts'

/** Finds 99.9 % of the 100 nearest among some thousand items, and takes some tenths of a millisecond. */
const EF_SEARCH = 200

/**
 * An index over the tensor `items` of each model that has one.
 *
 * @param probesFor what a model will be asked: its index looks at as many vectors as it takes to find enough of that
 * @throws BAD_INPUT where a number is not finite
 */
export async function buildIndexes(
  models: ReadonlyMap<ModelName, Tensors>,
  probesFor: (name: ModelName, tensors: Tensors) => readonly Probe[] = () => [],
): Promise<Map<ModelName, VectorIndex>> {
  const indexes = new Map<ModelName, VectorIndex>()
  for (const [name, tensors] of models) {
    const items = tensors.get('items')
    if (!items) continue
    const index = await buildIndex(items.data, items.shape[1]!)
    if (index instanceof HnswlibVectorIndex) calibrate(index, probesFor(name, tensors))
    indexes.set(name, index)
  }
  return indexes
}

/** hnswlib where it is installed, else exact. @param vectors (items, dimensions), labelled by their row */
async function buildIndex(vectors: Float32Array, dimensions: number): Promise<VectorIndex> {
  const rows = vectors.length / dimensions
  const library = await loadHnswlib()
  const index = library
    ? HnswlibVectorIndex.create(library, { dimensions, efSearch: EF_SEARCH, capacity: rows })
    : new ExactVectorIndex(dimensions, rows)
  for (let row = 0; row < rows; row++) index.add(row, vectors.subarray(row * dimensions, (row + 1) * dimensions))
  return index
}
