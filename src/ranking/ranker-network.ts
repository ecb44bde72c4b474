import { softmax } from '../kernels/linear.ts'
import { LANES, LinearAlgebra, padded } from '../kernels/linear-algebra.ts'
import { HIDDEN } from './ranker-parameters.ts'

/** What of a ranker's parameters is learned by steps. */
export const TRAINED = ['linear', 'hidden', 'contextHidden', 'bias', 'output'] as const
/** As in RankerParameters, followed by zeros where rows were filled up. */
export type TrainedTensors = Readonly<Record<(typeof TRAINED)[number], Float32Array>>

const ARRAYS = 21

/** A ranker's network and its gradient for lists of at most so many rows, in WebAssembly: its arrays are in that memory. */
export class RankerNetwork {
  readonly weights: TrainedTensors
  /** By feature: less which mean, and times which scale, rows are taken. */
  readonly means: Float32Array
  readonly scale: Float32Array
  /** Standardised. */
  readonly context: Float32Array
  /** By row. */
  readonly logits: Float32Array
  /** Gradients added up; cleared by who has made use of them. */
  readonly sums: TrainedTensors
  readonly #algebra: LinearAlgebra
  readonly #features: number
  readonly #stride: number
  /** (rows, features), as they were given. */
  readonly #given: Float32Array
  readonly #halves: Float16Array
  /** (rows, stride), centred and scaled. */
  readonly #rows: Float32Array
  /** (rows, HIDDEN), after ReLU; in the backward pass its gradient. */
  readonly #layer: Float32Array
  readonly #base: Float32Array
  readonly #direct: Float32Array
  readonly #ones: Float32Array
  readonly #zeros: Float32Array

  constructor(features: number, contextFeatures: number, most: number) {
    const stride = padded(features)
    const context = padded(contextFeatures)
    const tensors = stride + stride * HIDDEN + context * HIDDEN + 2 * HIDDEN
    const room = most * (features + stride + HIDDEN + 3) + LANES + 2 * stride + context + 2 * HIDDEN
    const algebra = new LinearAlgebra(2 * tensors + room, ARRAYS)
    const tensorsOf = (): TrainedTensors => ({
      linear: algebra.array(stride),
      hidden: algebra.array(stride * HIDDEN),
      contextHidden: algebra.array(context * HIDDEN),
      bias: algebra.array(HIDDEN),
      output: algebra.array(HIDDEN),
    })
    this.#algebra = algebra
    this.#features = features
    this.#stride = stride
    this.weights = tensorsOf()
    this.sums = tensorsOf()
    this.means = algebra.array(stride)
    this.scale = algebra.array(stride)
    this.context = algebra.array(context)
    this.logits = algebra.array(most)
    // The last row is read beyond its end.
    this.#given = algebra.array(most * features + LANES)
    this.#halves = new Float16Array(this.#given.buffer, this.#given.byteOffset, most * features)
    this.#rows = algebra.array(most * stride)
    this.#layer = algebra.array(most * HIDDEN)
    this.#base = algebra.array(HIDDEN)
    this.#direct = algebra.array(most)
    this.#ones = algebra.array(most).fill(1)
    this.#zeros = algebra.array(HIDDEN)
  }

  /**
   * The forward pass.
   * @param items (rows, features); as they are, or in 16 bits less their means
   * @returns how many rows there are logits of
   */
  forward(items: Float32Array | Float16Array): number {
    const { run } = this.#algebra
    const { linear, hidden, contextHidden, bias, output } = this.weights
    const { context, logits, means, scale } = this
    const [given, rows, layer, base, direct] = [this.#given, this.#rows, this.#layer, this.#base, this.#direct]
    const [features, stride] = [this.#features, this.#stride]
    const count = items.length / features
    if (items instanceof Float32Array) {
      given.set(items)
      run.centred(at(given), features, count, at(means), at(scale), at(rows), stride)
    } else {
      this.#halves.set(items)
      run.unpacked(at(given), features, count, at(scale), at(rows), stride)
    }
    run.linear(
      at(context),
      context.length,
      1,
      context.length,
      at(contextHidden),
      HIDDEN,
      HIDDEN,
      at(bias),
      at(base),
      HIDDEN,
    )
    run.linear(at(rows), stride, count, stride, at(hidden), HIDDEN, HIDDEN, at(base), at(layer), HIDDEN)
    run.parametricRelu(at(layer), count, HIDDEN, at(this.#zeros))
    run.products(at(linear), at(rows), stride, count, stride, at(direct))
    run.products(at(output), at(layer), HIDDEN, count, HIDDEN, at(logits))
    for (let row = 0; row < count; row++) logits[row]! += direct[row]!
    return count
  }

  /**
   * Adds to `sums` the gradient of the cross-entropy of the softmax over the rows of a forward pass, of which the first
   * was taken.
   * @returns the loss
   */
  backward(count: number): number {
    const { run } = this.#algebra
    const { context, logits, weights, sums } = this
    const [rows, layer, base] = [this.#rows, this.#layer, this.#base]
    softmax(logits, count)
    const loss = -Math.log(logits[0]! + 1e-12)
    logits[0]! -= 1
    run.addOuter(at(logits), 1, count, 1, at(rows), this.#stride, this.#stride, at(sums.linear))
    run.addOuter(at(logits), 1, count, 1, at(layer), HIDDEN, HIDDEN, at(sums.output))
    run.reluGradient(at(layer), count, HIDDEN, at(logits), at(weights.output))
    run.addOuter(at(rows), this.#stride, count, this.#stride, at(layer), HIDDEN, HIDDEN, at(sums.hidden))
    base.fill(0)
    run.addOuter(at(this.#ones), 1, count, 1, at(layer), HIDDEN, HIDDEN, at(base))
    run.addOuter(at(this.#ones), 1, 1, 1, at(base), HIDDEN, HIDDEN, at(sums.bias))
    run.addOuter(at(context), context.length, 1, context.length, at(base), HIDDEN, HIDDEN, at(sums.contextHidden))
    return loss
  }
}

function at({ byteOffset }: Float32Array): number {
  return byteOffset
}
