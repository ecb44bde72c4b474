import { TributaryError } from '../errors.ts'
import type { Tensors } from './tensors.ts'

/**
 * Item-based collaborative filtering as lists: the tensors `neighbours` and `weights`, both (items, length), of item i in
 * row i, the strongest first. A neighbour is an index of the vocabulary, -1 after the last.
 */
export interface NeighbourLists {
  readonly items: number
  readonly length: number
  readonly neighbours: Float32Array
  readonly weights: Float32Array
}

/** @throws CORRUPT where the tensors are not such lists */
export function neighbourLists(tensors: Tensors): NeighbourLists {
  const [neighbours, weights] = [tensors.get('neighbours'), tensors.get('weights')]
  const [items = 0, length = 0] = neighbours?.shape ?? []
  if (!neighbours || !weights || neighbours.shape.length !== 2 || weights.data.length !== items * length) {
    const message = 'neighbour lists are the tensors neighbours and weights, both (items, length): these are not'
    throw new TributaryError('CORRUPT', message, { tensors: [...tensors.keys()] })
  }
  return { items, length, neighbours: neighbours.data, weights: weights.data }
}
