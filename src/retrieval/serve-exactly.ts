import type { ModelKernels } from '../models/model-kernels.ts'
import type { ModelName } from '../models/model-trainer.ts'
import type { ReleasedModels } from '../models/released-models.ts'
import { ExactVectorIndex } from '../vector-index/exact-vector-index.ts'
import type { ItemIndex } from './online/item-index.ts'
import { ServedRelease } from './served-release.ts'

/**
 * Models put to use as a release in service is, with exact search: for training and evaluation. What an index loses is
 * measured where indexes are.
 */
export function serveExactly(released: ReleasedModels, items: ItemIndex, kernels: ModelKernels): ServedRelease {
  const indexes = new Map<ModelName, ExactVectorIndex>()
  for (const [name, tensors] of released.models) {
    const vectors = tensors.get('items')
    if (!vectors) continue
    const [rows, dimensions] = vectors.shape as [number, number]
    const index = new ExactVectorIndex(dimensions, rows)
    for (let row = 0; row < rows; row++) {
      index.add(row, vectors.data.subarray(row * dimensions, (row + 1) * dimensions))
    }
    indexes.set(name, index)
  }
  return new ServedRelease({ ...released, indexes }, items, kernels)
}
