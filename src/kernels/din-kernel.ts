// The forward pass of the Deep Interest Network (src/training/din-model.ts) for the candidates of one request.
import { TributaryError } from '../errors.ts'
import type { PairScores } from '../models/pair-scores.ts'
import type { Tensors } from '../models/tensors.ts'
import { ATTENDED, type AttendedHistory } from './attended-history.ts'
import { columnMoments } from './column-moments.ts'
import { type DinWeights, HEADS, MOST_DEVIATION, readDin } from './din-weights.ts'
import { LANES, LinearAlgebra, padded } from './linear-algebra.ts'
import { PairScoreTable } from './pair-score-table.ts'

export interface DinRequest {
  /** Of each candidate: index of the vocabulary, -1 for an item that it lacks. */
  readonly items: Int32Array
  /** (candidates, features) in the order of the names, as they are. */
  readonly features: Float32Array
  /** Of the whole list, where the candidates are not all of it: by feature. */
  readonly means?: ArrayLike<number>
  readonly context: Float32Array
  readonly history: AttendedHistory
}

/** Candidates that go through the network at once. */
const BLOCK = 512
const ARRAYS = 13

/** Owns its buffers: one call at a time. */
export class DinKernel {
  readonly #weights: DinWeights
  readonly #pairs: PairScores
  readonly #algebra: LinearAlgebra
  readonly #stride: number
  readonly #attention: Float32Array
  readonly #entries: Float32Array
  readonly #inputs: Float32Array
  readonly #hidden: Float32Array
  readonly #answer: Float32Array
  readonly #toLayer: Float32Array
  readonly #toHeads: Float32Array
  readonly #layerToHeads: Float32Array
  readonly #layerSlope: Float32Array
  readonly #layerBias: Float32Array
  readonly #headsBias: Float32Array
  readonly #direct: Float32Array

  /** @throws CORRUPT where a tensor is missing or of a size that the kernel cannot take */
  constructor(
    tensors: Tensors,
    names: readonly string[],
    contextNames: readonly string[],
    pairs: PairScores = new PairScoreTable(tensors),
  ) {
    const weights = readDin(tensors, names, contextNames)
    const { width, unit, layer, inputs } = weights
    if ([width, unit, layer].some((size) => size % LANES !== 0)) {
      throw new TributaryError('CORRUPT', `an interest network of ${width}, ${unit}, ${layer}: 4 must divide each`)
    }
    this.#weights = weights
    this.#pairs = pairs
    const interest = padded(width + 1)
    this.#stride = interest + inputs - (width + 1)
    const rows = BLOCK
    const floats = rows * (ATTENDED + this.#stride + layer + 2 * LANES) + ATTENDED * interest
    const weightFloats = this.#stride * (layer + LANES) + layer * (2 + LANES) + LANES
    this.#algebra = new LinearAlgebra(floats + weightFloats, ARRAYS)
    this.#attention = this.#algebra.array(rows * ATTENDED)
    this.#entries = this.#algebra.array(ATTENDED * interest)
    this.#inputs = this.#algebra.array(rows * this.#stride)
    this.#hidden = this.#algebra.array(rows * layer)
    this.#answer = this.#algebra.array(rows * LANES)
    this.#direct = this.#algebra.array(rows * LANES)
    // The interest is filled up to whole registers, and so is what weighs it.
    this.#toLayer = this.#algebra.array(spaced(weights.toLayer, width + 1, interest, layer, layer))
    this.#toHeads = this.#algebra.array(spaced(weights.toHeads, width + 1, interest, HEADS, LANES))
    this.#layerToHeads = this.#algebra.array(spaced(weights.layerToHeads, layer, layer, HEADS, LANES))
    this.#layerSlope = this.#algebra.array(weights.layerSlope)
    this.#layerBias = this.#algebra.array(layer)
    this.#headsBias = this.#algebra.array(LANES)
  }

  /** (candidates, HEADS): logits. */
  rank(request: DinRequest): Float32Array {
    const { items, features } = request
    const logits = new Float32Array(items.length * HEADS)
    this.#prepareBiases(request)
    const columns = features.length / items.length
    for (let first = 0; first < items.length; first += BLOCK) {
      const block = items.subarray(first, first + BLOCK)
      this.#attend(block, request.history)
      const blockFeatures = features.subarray(first * columns, (first + block.length) * columns)
      this.#forward(block, blockFeatures, request.history.length, logits.subarray(first * HEADS))
    }
    return logits
  }

  /**
   * What each entry of the history adds to the logit of engagement of a candidate that was ranked last: how much it is
   * attended to, times what the interest in such as it is worth for the candidate (the logit's gradient).
   *
   * @param row of the candidate, of those ranked last; below BLOCK
   * @param entries of the history
   */
  attention(row: number, entries: number): Float64Array {
    const { width } = this.#weights
    const columns = padded(width + 1)
    const worth = this.#worthOfInterest(row)
    return Float64Array.from({ length: entries }, (_, entry) => {
      let sum = 0
      for (let d = 0; d <= width; d++) sum += this.#entries[entry * columns + d]! * worth[d]!
      return this.#attention[row * ATTENDED + entry]! * sum
    })
  }

  /** (D + 1): the gradient of a candidate's logit of engagement by the interest. */
  #worthOfInterest(row: number): Float64Array {
    const { width, layer, toHeads, toLayer, layerToHeads, layerSlope } = this.#weights
    const columns = padded(width + 1)
    const x = row * this.#stride
    const back = Float64Array.from({ length: layer }, (_, l) => {
      let known = this.#layerBias[l]!
      for (let i = 0; i < this.#stride; i++) known += this.#inputs[x + i]! * this.#toLayer[i * layer + l]!
      return layerToHeads[l * HEADS]! * (known > 0 ? 1 : layerSlope[l]!)
    })
    return Float64Array.from({ length: width + 1 }, (_, d) => {
      let sum = toHeads[d * HEADS]!
      const target = d < width ? this.#inputs[x + columns + d]! : 0
      const product = (2 * width + 1 + d) * layer
      for (let l = 0; l < layer; l++) {
        sum += back[l]! * (toLayer[d * layer + l]! + (d < width ? target * toLayer[product + l]! : 0))
      }
      return sum
    })
  }

  /** @param into (items, HEADS) */
  #forward(items: Int32Array, features: Float32Array, entries: number, into: Float32Array): void {
    this.#fill(items, features, entries)
    const count = items.length
    const { layer } = this.#weights
    const { run } = this.#algebra
    const stride = this.#stride
    const x = this.#inputs.byteOffset
    const hidden = this.#hidden.byteOffset
    const direct = this.#direct.byteOffset
    run.linear(
      x,
      stride,
      count,
      stride,
      this.#toLayer.byteOffset,
      layer,
      layer,
      this.#layerBias.byteOffset,
      hidden,
      layer,
    )
    run.parametricRelu(hidden, count, layer, this.#layerSlope.byteOffset)
    const answer = this.#answer.byteOffset
    run.linear(hidden, layer, count, layer, this.#layerToHeads.byteOffset, LANES, LANES, 0, answer, LANES)
    const bias = this.#headsBias.byteOffset
    run.linear(x, stride, count, stride, this.#toHeads.byteOffset, LANES, LANES, bias, direct, LANES)
    for (let row = 0; row < count; row++) {
      for (let head = 0; head < HEADS; head++) {
        into[row * HEADS + head] = this.#answer[row * LANES + head]! + this.#direct[row * LANES + head]!
      }
    }
  }

  /** Fills in (candidates, ATTENDED) what each entry matters, and (ATTENDED, D + 1) what the entries are. */
  #attend(items: Int32Array, history: AttendedHistory): void {
    const { width, embedding } = this.#weights
    const columns = padded(width + 1)
    for (let entry = 0; entry < history.length; entry++) {
      const from = history.item[entry]!
      const factor = from < 0 ? 0 : this.#factor(history, entry)
      const scores = from < 0 ? NOTHING : this.#pairs.of(from)
      for (let row = 0; row < items.length; row++) {
        const item = items[row]!
        this.#attention[row * ATTENDED + entry] = item < 0 || factor === 0 ? 0 : factor * scores[item]!
      }
      const to = entry * columns
      for (let d = 0; d < width; d++) this.#entries[to + d] = from < 0 ? 0 : embedding[from * width + d]!
      this.#entries[to + width] = 1
    }
  }

  #factor({ kind, value, age }: AttendedHistory, entry: number): number {
    const { factors } = this.#weights
    const meant = factors.kind[kind[entry]!]! + factors.value[value[entry]!]!
    return meant * Math.exp(factors.age[age[entry]!]! + factors.position[entry]!)
  }

  /** Fills in the inputs: interest, target, their product, features. */
  #fill(items: Int32Array, features: Float32Array, entries: number): void {
    const { width, embedding, inputs } = this.#weights
    const columns = padded(width + 1)
    const stride = this.#stride
    const [a, e, x] = [this.#attention.byteOffset, this.#entries.byteOffset, this.#inputs.byteOffset]
    const count = items.length
    this.#algebra.run.linear(a, ATTENDED, count, entries, e, columns, columns, 0, x, stride)
    const featureCount = inputs - 3 * width - 1
    for (let row = 0; row < count; row++) {
      const item = items[row]!
      const start = row * stride
      const to = start + columns
      for (let d = 0; d < width; d++) {
        const value = item < 0 ? 0 : embedding[item * width + d]!
        this.#inputs[to + d] = value
        this.#inputs[to + width + d] = value * this.#inputs[start + d]!
      }
      const featuresFrom = row * featureCount
      const featuresTo = to + 2 * width
      for (let f = 0; f < featureCount; f++) this.#inputs[featuresTo + f] = features[featuresFrom + f]!
    }
  }

  /** What the request gives all candidates: its context, and the means of the features, which they are taken less of. */
  #prepareBiases({ features, context, means: given }: DinRequest): void {
    const { layer, inputs, width, contextMean, contextScale, contextToLayer, contextToHeads } = this.#weights
    const { layerBias, headsBias, toLayer, toHeads } = this.#weights
    const first = 3 * width + 1
    const means = given ?? columnMoments(features, inputs - first).means
    this.#layerBias.set(layerBias)
    this.#headsBias.fill(0)
    this.#headsBias.set(headsBias)
    for (let c = 0; c < context.length; c++) {
      const value = clamped((context[c]! - contextMean[c]!) * contextScale[c]!)
      for (let l = 0; l < layer; l++) this.#layerBias[l]! += value * contextToLayer[c * layer + l]!
      for (let h = 0; h < HEADS; h++) this.#headsBias[h]! += value * contextToHeads[c * HEADS + h]!
    }
    for (let f = 0; f < inputs - first; f++) {
      const mean = means[f]!
      for (let l = 0; l < layer; l++) this.#layerBias[l]! -= mean * toLayer[(first + f) * layer + l]!
      for (let h = 0; h < HEADS; h++) this.#headsBias[h]! -= mean * toHeads[(first + f) * HEADS + h]!
    }
  }
}

const NOTHING = new Float32Array(0)

function clamped(deviations: number): number {
  return Math.max(-MOST_DEVIATION, Math.min(MOST_DEVIATION, deviations))
}

/** A matrix with rows of zeros after row `after`, up to `until`, and with as many columns as wanted. */
function spaced(matrix: Float32Array, after: number, until: number, columns: number, wanted: number): Float32Array {
  const rows = matrix.length / columns
  const wider = new Float32Array((rows + until - after) * wanted)
  for (let row = 0; row < rows; row++) {
    const to = row < after ? row : row + until - after
    wider.set(matrix.subarray(row * columns, (row + 1) * columns), to * wanted)
  }
  return wider
}
