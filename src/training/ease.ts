import { invertPositiveDefinite } from '../kernels/positive-definite.ts'
import type { CoOccurrence } from './co-occurrence.ts'

/** L2 regularisation, of the order the paper uses for MovieLens. */
const EASE_LAMBDA = 500

/**
 * EASE^R: the linear item-item model with zero diagonal that reconstructs the users' item sets best, in closed form:
 * with P = (G + λI)^-1, B_ij = -P_ij / P_jj. Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", WWW 2019.
 *
 * @returns B by rows; items that nobody has met have neither row nor column and score 0
 */
export function ease(counts: CoOccurrence, lambda = EASE_LAMBDA): Float32Array {
  const { items, visits } = counts
  const met = Array.from({ length: items }, (_, item) => item).filter((item) => visits[item]! > 0)
  const size = met.length
  const gram = new Float64Array(size ** 2)
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < i; j++) gram[i * size + j] = counts.both(met[i]!, met[j]!)
    gram[i * size + i] = visits[met[i]!]! + lambda
  }
  const inverse = invertPositiveDefinite(gram, size)
  const weights = new Float32Array(items ** 2)
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      if (i !== j) weights[met[i]! * items + met[j]!] = -inverse[i * size + j]! / inverse[j * size + j]!
    }
  }
  return weights
}
