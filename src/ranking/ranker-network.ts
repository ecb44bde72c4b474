import { softmax } from '../kernels/linear.ts'
import { LinearAlgebra, padded } from '../kernels/linear-algebra.ts'
import { CROSS, CROSSES, HIDDEN, RANK } from './ranker-parameters.ts'

/** What of a ranker's parameters is learned by steps. */
export const TRAINED = ['linear', 'hidden', 'bias', 'output', 'cross', 'crossed'] as const
/** As in RankerParameters, followed by zeros where rows were filled up. */
export type TrainedTensors = Readonly<Record<(typeof TRAINED)[number], Float32Array>>

const ARRAYS = 32
const FLOAT_BYTES = 4

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
  /** Of rows: the inputs filled up. */
  readonly #stride: number
  /** (rows, features), as they were given. */
  readonly #given: Float32Array
  readonly #halves: Float16Array
  /** By input: what is added to it. */
  readonly #shift: Float32Array
  /** Each (rows, stride): the inputs, then what comes out of each cross layer. */
  readonly #crossed: readonly Float32Array[]
  /** Of each cross layer (rows, RANK): what goes through the squeeze. */
  readonly #squeezed: readonly Float32Array[]
  /** (CROSS, stride): `weights.cross` the other way round. */
  readonly #across: Float32Array
  /** (rows, stride) */
  readonly #product: Float32Array
  readonly #slope: Float32Array
  /** (rows, RANK) */
  readonly #squeezedSlope: Float32Array
  /** (rows, HIDDEN), after ReLU; in the backward pass its gradient. */
  readonly #layer: Float32Array
  readonly #parts: Float32Array
  readonly #ones: Float32Array
  readonly #zeros: Float32Array

  constructor(features: number, contextFeatures: number, most: number) {
    const stride = padded(features + contextFeatures)
    const tensors = stride * (2 + HIDDEN + CROSS) + 2 * HIDDEN
    const rows = features + (3 + CROSSES) * stride + (CROSSES + 1) * RANK + HIDDEN + 4
    const room = most * rows + stride * (4 + CROSS) + HIDDEN
    const algebra = new LinearAlgebra(2 * tensors + room, ARRAYS)
    const tensorsOf = (): TrainedTensors => ({
      linear: algebra.array(stride),
      hidden: algebra.array(stride * HIDDEN),
      bias: algebra.array(HIDDEN),
      output: algebra.array(HIDDEN),
      cross: algebra.array(stride * CROSS),
      crossed: algebra.array(stride),
    })
    this.#algebra = algebra
    this.#features = features
    this.#stride = stride
    this.weights = tensorsOf()
    this.sums = tensorsOf()
    this.means = algebra.array(stride)
    this.scale = algebra.array(stride)
    this.#shift = algebra.array(stride)
    this.context = this.#shift.subarray(features, features + contextFeatures)
    this.logits = algebra.array(most)
    // The last row is read beyond its end.
    this.#given = algebra.array(most * features + stride)
    this.#halves = new Float16Array(this.#given.buffer, this.#given.byteOffset, most * features)
    this.#crossed = Array.from({ length: CROSSES + 1 }, () => algebra.array(most * stride))
    this.#squeezed = Array.from({ length: CROSSES }, () => algebra.array(most * RANK))
    this.#across = algebra.array(CROSS * stride)
    this.#product = algebra.array(most * stride)
    this.#slope = algebra.array(most * stride)
    this.#squeezedSlope = algebra.array(most * RANK)
    this.#layer = algebra.array(most * HIDDEN)
    this.#parts = algebra.array(most)
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
    const { linear, hidden, bias, output, crossed } = this.weights
    const count = items.length / this.#features
    const stride = this.#stride
    this.#standardise(items)
    const x = at(this.#crossed[0]!)
    const layer = at(this.#layer)
    run.linear(x, stride, count, stride, at(hidden), HIDDEN, HIDDEN, at(bias), layer, HIDDEN)
    run.parametricRelu(layer, count, HIDDEN, at(this.#zeros))
    this.#cross(count)
    this.logits.fill(0, 0, count)
    this.#addProducts(linear, x, stride, count)
    this.#addProducts(output, layer, HIDDEN, count)
    this.#addProducts(crossed, at(this.#crossed[CROSSES]!), stride, count)
    return count
  }

  /**
   * Adds to `sums` the gradient of the cross-entropy of the softmax over the rows of a forward pass, of which the first
   * was taken.
   * @param weight of the loss
   * @returns the loss, not weighted
   */
  backward(count: number, weight = 1): number {
    const { run } = this.#algebra
    const { logits, weights, sums } = this
    const stride = this.#stride
    const [x, layer, errors, ones] = [at(this.#crossed[0]!), at(this.#layer), at(logits), at(this.#ones)]
    softmax(logits, count)
    const loss = -Math.log(logits[0]! + 1e-12)
    logits[0]! -= 1
    if (weight !== 1) for (let row = 0; row < count; row++) logits[row]! *= weight
    run.addOuter(errors, 1, count, 1, x, stride, stride, at(sums.linear), stride)
    run.addOuter(errors, 1, count, 1, layer, HIDDEN, HIDDEN, at(sums.output), HIDDEN)
    run.reluGradient(layer, count, HIDDEN, errors, at(weights.output))
    run.addOuter(x, stride, count, stride, layer, HIDDEN, HIDDEN, at(sums.hidden), HIDDEN)
    run.addOuter(ones, 1, count, 1, layer, HIDDEN, HIDDEN, at(sums.bias), HIDDEN)
    this.#crossGradient(count)
    return loss
  }

  /** Fills in the inputs. */
  #standardise(items: Float32Array | Float16Array): void {
    const { run } = this.#algebra
    const [features, stride] = [this.#features, this.#stride]
    const count = items.length / features
    const [given, scale, shift, x] = [at(this.#given), at(this.scale), at(this.#shift), at(this.#crossed[0]!)]
    if (items instanceof Float32Array) {
      this.#given.set(items)
      run.centred(given, features, count, at(this.means), scale, shift, x, stride)
    } else {
      this.#halves.set(items)
      run.unpacked(given, features, count, scale, shift, x, stride)
    }
  }

  /** x[l + 1] = x[0] ⊙ (x[l] · in[l] · out[l]) + x[l]. */
  #cross(count: number): void {
    const { run } = this.#algebra
    const stride = this.#stride
    const cross = at(this.weights.cross)
    const [product, first] = [at(this.#product), at(this.#crossed[0]!)]
    this.#turn()
    for (let l = 0; l < CROSSES; l++) {
      const [x, squeezed] = [at(this.#crossed[l]!), at(this.#squeezed[l]!)]
      run.linear(x, stride, count, stride, cross + columnIn(l) * FLOAT_BYTES, CROSS, RANK, 0, squeezed, RANK)
      run.linear(squeezed, RANK, count, RANK, this.#rowOf(columnOut(l)), stride, stride, 0, product, stride)
      run.multiplyAdd(first, product, x, count * stride, at(this.#crossed[l + 1]!))
    }
  }

  /** After the errors have taken the place of the logits. */
  #crossGradient(count: number): void {
    const { run } = this.#algebra
    const stride = this.#stride
    const [sums, cross] = [at(this.sums.cross), at(this.weights.cross)]
    const [product, slope, squeezedSlope] = [at(this.#product), at(this.#slope), at(this.#squeezedSlope)]
    const [errors, first] = [at(this.logits), at(this.#crossed[0]!)]
    const { crossed } = this.weights
    run.addOuter(errors, 1, count, 1, at(this.#crossed[CROSSES]!), stride, stride, at(this.sums.crossed), stride)
    run.linear(errors, 1, count, 1, at(crossed), stride, stride, 0, slope, stride)
    for (let l = CROSSES - 1; l >= 0; l--) {
      const [x, squeezed] = [at(this.#crossed[l]!), at(this.#squeezed[l]!)]
      const [into, out] = [columnIn(l) * FLOAT_BYTES, columnOut(l) * FLOAT_BYTES]
      run.multiplyAdd(slope, first, 0, count * stride, product)
      run.addOuter(product, stride, count, stride, squeezed, RANK, RANK, sums + out, CROSS)
      run.linear(product, stride, count, stride, cross + out, CROSS, RANK, 0, squeezedSlope, RANK)
      run.addOuter(x, stride, count, stride, squeezedSlope, RANK, RANK, sums + into, CROSS)
      run.addLinear(squeezedSlope, RANK, count, RANK, this.#rowOf(columnIn(l)), stride, stride, slope, stride)
    }
  }

  #turn(): void {
    const { cross } = this.weights
    const across = this.#across
    const stride = this.#stride
    for (let input = 0; input < stride; input++) {
      for (let c = 0; c < CROSS; c++) across[c * stride + input] = cross[input * CROSS + c]!
    }
  }

  #rowOf(column: number): number {
    return at(this.#across) + column * this.#stride * FLOAT_BYTES
  }

  /** @param rows address of (count, size) */
  #addProducts(weights: Float32Array, rows: number, size: number, count: number): void {
    const { logits } = this
    const parts = this.#parts
    this.#algebra.run.products(at(weights), rows, size, count, size, at(parts))
    for (let row = 0; row < count; row++) logits[row]! += parts[row]!
  }
}

/** The first of a layer's columns of `cross` into the squeeze, and out of it. */
const columnIn = (layer: number): number => 2 * layer * RANK
const columnOut = (layer: number): number => columnIn(layer) + RANK

function at({ byteOffset }: Float32Array): number {
  return byteOffset
}
