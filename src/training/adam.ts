import * as tf from '@tensorflow/tfjs-core'

export interface AdamOptions {
  /** The gradients together are scaled down to this L2 norm. */
  readonly clipNorm: number
  /** Decoupled from the gradients, of matrices alone. */
  readonly weightDecay: number
}

const BETA1 = 0.9
const BETA2 = 0.98
const EPSILON = 1e-8

interface Moments {
  first: tf.Tensor
  second: tf.Tensor
}

/** AdamW: Loshchilov and Hutter, "Decoupled Weight Decay Regularization", ICLR 2019. */
export class Adam {
  readonly #options: AdamOptions
  readonly #moments = new Map<string, Moments>()
  #steps = 0

  constructor(options: AdamOptions) {
    this.#options = options
  }

  step(variables: ReadonlyMap<string, tf.Variable>, gradients: tf.NamedTensorMap, learningRate: number): void {
    this.#steps++
    const rate = (learningRate * Math.sqrt(1 - BETA2 ** this.#steps)) / (1 - BETA1 ** this.#steps)
    tf.tidy(() => {
      const squares = Object.values(gradients).map((gradient) => tf.sum(tf.square(gradient)))
      const norm = tf.sqrt(tf.addN(squares))
      const scale = tf.minimum(1, tf.div(this.#options.clipNorm, tf.add(norm, EPSILON)))
      for (const variable of variables.values()) {
        const gradient = gradients[variable.name]
        if (gradient) this.#update(variable, tf.mul(gradient, scale), rate, learningRate)
      }
    })
  }

  #update(variable: tf.Variable, gradient: tf.Tensor, rate: number, learningRate: number): void {
    const { weightDecay } = this.#options
    const before = this.#moments.get(variable.name)
    const first = before
      ? tf.add(tf.mul(before.first, BETA1), tf.mul(gradient, 1 - BETA1))
      : tf.mul(gradient, 1 - BETA1)
    const square = tf.mul(tf.square(gradient), 1 - BETA2)
    const second = before ? tf.add(tf.mul(before.second, BETA2), square) : square
    const decayed = weightDecay > 0 && variable.rank > 1 ? tf.mul(variable, 1 - learningRate * weightDecay) : variable
    variable.assign(tf.sub(decayed, tf.mul(tf.div(first, tf.add(tf.sqrt(second), EPSILON)), rate)))
    before?.first.dispose()
    before?.second.dispose()
    this.#moments.set(variable.name, { first: tf.keep(first), second: tf.keep(second) })
  }

  dispose(): void {
    for (const { first, second } of this.#moments.values()) tf.dispose([first, second])
  }
}
