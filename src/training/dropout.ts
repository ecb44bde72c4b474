import * as tf from '@tensorflow/tfjs-core'
import type { Random } from '../random.ts'

/** Masks begin anywhere in a pool this many times as long as the longest of them. */
const POOL_MASKS = 2

/**
 * Dropout whose masks are cut out of one pool: drawing each anew would cost more than the layers they are for.
 * Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", JMLR 2014.
 */
export class Dropout {
  readonly #rate: number
  readonly #random: Random
  #pool: tf.Tensor1D | undefined

  /** @param rate of what is dropped */
  constructor(rate: number, random: Random) {
    this.#rate = rate
    this.#random = random
  }

  apply<T extends tf.Tensor>(x: T): T {
    if (this.#rate <= 0) return x
    const pool = this.#poolFor(x.size)
    const from = this.#random.below(pool.size - x.size)
    return tf.mul(x, tf.reshape(tf.slice1d(pool, from, x.size), x.shape)) as T
  }

  #poolFor(size: number): tf.Tensor1D {
    if (this.#pool && this.#pool.size >= POOL_MASKS * size) return this.#pool
    this.#pool?.dispose()
    const kept = 1 / (1 - this.#rate)
    const draw = () => (this.#random.uniform() < this.#rate ? 0 : kept)
    this.#pool = tf.keep(tf.tensor1d(Float32Array.from({ length: POOL_MASKS * size }, draw)))
    return this.#pool
  }

  dispose(): void {
    this.#pool?.dispose()
  }
}
