import * as tf from '@tensorflow/tfjs-core'
import type { Random } from '../random.ts'

/** Of random bits that are drawn once; a mask begins anywhere in them. */
const POOL = 1 << 22

/**
 * Dropout whose masks are cut out of one pool: drawing each anew would cost more than the layers they are for.
 * Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", JMLR 2014.
 */
export class Dropout {
  readonly #random: Random
  readonly #pool: tf.Tensor1D | undefined

  /** @param rate of what is dropped */
  constructor(rate: number, random: Random) {
    this.#random = random
    if (rate <= 0) return
    const kept = 1 / (1 - rate)
    this.#pool = tf.keep(tf.tensor1d(Float32Array.from({ length: POOL }, () => (random.uniform() < rate ? 0 : kept))))
  }

  apply<T extends tf.Tensor>(x: T): T {
    if (!this.#pool) return x
    const from = this.#random.below(POOL - x.size)
    return tf.mul(x, tf.reshape(tf.slice1d(this.#pool, from, x.size), x.shape)) as T
  }

  dispose(): void {
    this.#pool?.dispose()
  }
}
