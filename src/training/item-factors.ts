import * as tf from '@tensorflow/tfjs-core'
import { TributaryError } from '../errors.ts'
import { factorise } from '../kernels/positive-definite.ts'
import type { TrainingSet } from '../models/training-set.ts'
import type { Random } from '../random.ts'
import type { Initial } from './parameters.ts'

/** Memory grows with the square of it: of more items, the most visited get factors. */
const MOST_ITEMS = 5_000
/** Events after one that go with it, the k-th with 1/k. */
const REACH = 10
/** Of each pair, events that count as chance: what is seen once says little. */
const CHANCE = 1
/** Visits that take half of an item's length: little is known of where it belongs. */
const HALF_KNOWN = 20
const ITERATIONS = 6
/** Of the mean of a diagonal, added to it. */
const LEAST_RIDGE = 1e-6

/**
 * Vectors of items whose inner products come near to how much more often two are met close to each other than chance
 * would have it, each shorter than 1 by how little is
 * known of it: where training of embeddings may begin (Levy and Goldberg, "Neural Word Embedding as
 * Implicit Matrix Factorization", NeurIPS 2014). The factors of the positive pointwise mutual information by subspace
 * iteration.
 *
 * @returns (items, width); zeros for an item that has none
 */
export function itemFactors(set: TrainingSet, width: number, random: Random): Float32Array {
  const { chosen, compact, visits } = mostVisited(set)
  const count = chosen.length
  const into = new Float32Array(set.itemIds.length * width)
  if (count < 2 * width) return into
  const lifts = positiveLifts(togetherness(set, compact, count), count)
  const factors = tf.tidy(() => {
    const matrix = tf.tensor2d(lifts, [count, count])
    const start = Float32Array.from({ length: count * width }, () => random.normal())
    let basis = orthonormal(tf.tensor2d(start, [count, width]))
    for (let iteration = 0; iteration < ITERATIONS; iteration++) basis = orthonormal(tf.matMul(matrix, basis))
    // On the basis, the matrix is small and positive definite but for rounding; what its root makes of the basis are factors.
    const small = tf.matMul(basis, tf.matMul(matrix, basis), true)
    const root = lowerRoot(tf.mul(tf.add(small, tf.transpose(small)), 0.5) as tf.Tensor2D)
    return tf.matMul(basis, root).dataSync() as Float32Array
  })
  chosen.forEach((item, row) => {
    let squares = 0
    for (let i = 0; i < width; i++) squares += factors[row * width + i]! ** 2
    const known = visits[item]! / (visits[item]! + HALF_KNOWN)
    const scale = squares > 0 ? known / Math.sqrt(squares) : 0
    for (let i = 0; i < width; i++) into[item * width + i] = scale * factors[row * width + i]!
  })
  return into
}

/** @param names of parameters (items, width) that begin as factors, so long at most as the recipe's `startLength` */
export function withFactors(
  initials: Readonly<Record<string, Initial>>,
  names: readonly string[],
  set: TrainingSet,
  { width, startLength }: { readonly width: number; readonly startLength: number },
  random: Random,
): Record<string, Initial> {
  if (startLength <= 0) return initials
  const start = itemFactors(set, width, random).map((value) => startLength * value)
  return { ...initials, ...Object.fromEntries(names.map((name) => [name, { ...initials[name]!, start }])) }
}

/** @returns item indexes, by item index the position among them (-1 for none), and visits by item index */
function mostVisited(set: TrainingSet): { chosen: Uint32Array; compact: Int32Array; visits: Uint32Array } {
  const visits = new Uint32Array(set.itemIds.length)
  for (const item of set.item) visits[item]!++
  const met = Uint32Array.from(visits.keys()).filter((item) => visits[item]! > 0)
  const chosen = met.sort((a, b) => visits[b]! - visits[a]!).slice(0, MOST_ITEMS)
  const compact = new Int32Array(set.itemIds.length).fill(-1)
  chosen.forEach((item, row) => {
    compact[item] = row
  })
  return { chosen, compact, visits }
}

/** (items, items), symmetric: how often two are met close to each other. */
function togetherness({ starts, item }: TrainingSet, compact: Int32Array, count: number): Float32Array {
  const pairs = new Float32Array(count * count)
  for (let user = 0; user + 1 < starts.length; user++) {
    for (let event = starts[user]!; event < starts[user + 1]!; event++) {
      const a = compact[item[event]!]!
      const end = Math.min(starts[user + 1]!, event + REACH + 1)
      for (let later = event + 1; a >= 0 && later < end; later++) {
        const b = compact[item[later]!]!
        if (b < 0 || b === a) continue
        pairs[a * count + b]! += 1 / (later - event)
        pairs[b * count + a]! += 1 / (later - event)
      }
    }
  }
  return pairs
}

/** Overwrites counts with log(count / expected by chance), 0 where that is negative. */
function positiveLifts(pairs: Float32Array, count: number): Float32Array {
  const sums = new Float64Array(count)
  let total = 0
  for (let row = 0; row < count; row++) {
    for (let i = row * count; i < (row + 1) * count; i++) sums[row]! += pairs[i]!
    total += sums[row]!
  }
  for (let row = 0; row < count; row++) {
    for (let column = 0; column < count; column++) {
      const expected = (sums[row]! * sums[column]!) / total
      const lift = (pairs[row * count + column]! + CHANCE * Math.min(1, expected)) / (expected + CHANCE)
      pairs[row * count + column] = lift > 1 ? Math.log(lift) : 0
    }
  }
  return pairs
}

/** The same span with columns at right angles and of length 1: Cholesky of their products, undone. */
function orthonormal(columns: tf.Tensor2D): tf.Tensor2D {
  const scaled = tf.div(columns, tf.sqrt(tf.mean(tf.square(columns)))) as tf.Tensor2D
  const root = lowerRoot(tf.matMul(scaled, scaled, true))
  return tf.matMul(scaled, inverseOfLower(root), false, true)
}

/** L with L L' = A, A made as much more positive definite as it takes: rounding, or lifts that are not, may leave it less. */
function lowerRoot(symmetric: tf.Tensor2D): tf.Tensor2D {
  const [size] = symmetric.shape
  const given = symmetric.dataSync()
  let trace = 0
  for (let i = 0; i < size; i++) trace += Math.abs(given[i * size + i]!)
  for (let ridge = (LEAST_RIDGE * trace) / size; Number.isFinite(ridge); ridge *= 10) {
    const a = Float64Array.from(given)
    for (let i = 0; i < size; i++) a[i * size + i]! += ridge
    if (!isFactorised(a, size)) continue
    for (let row = 0; row < size; row++) a.fill(0, row * size + row + 1, (row + 1) * size)
    return tf.tensor2d(Float32Array.from(a), [size, size])
  }
  throw new TributaryError('INTERNAL', 'a matrix to factorise has numbers that are not finite')
}

function isFactorised(matrix: Float64Array, size: number): boolean {
  try {
    factorise(matrix, size)
    return true
  } catch {
    return false
  }
}

function inverseOfLower(lower: tf.Tensor2D): tf.Tensor2D {
  const [size] = lower.shape
  const l = lower.dataSync()
  const inverse = new Float64Array(size * size)
  for (let column = 0; column < size; column++) {
    for (let row = column; row < size; row++) {
      let sum = row === column ? 1 : 0
      for (let i = column; i < row; i++) sum -= l[row * size + i]! * inverse[i * size + column]!
      inverse[row * size + column] = sum / l[row * size + row]!
    }
  }
  return tf.tensor2d(Float32Array.from(inverse), [size, size])
}
