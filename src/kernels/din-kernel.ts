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
const ARRAYS = 14
const FLOAT_BYTES = 4

/**
 * Owns its buffers: one call at a time.
 *
 * What the heads see of the inputs directly goes through the layer, as units that are not bent: one product of matrices.
 */
export class DinKernel {
  readonly #weights: DinWeights
  readonly #pairs: PairScores
  readonly #algebra: LinearAlgebra
  /** Of rows of the inputs: interest, target, their product. */
  readonly #stride: number
  readonly #features: number
  /** Of the layer and of the heads, filled up. */
  readonly #units: number
  /** (ATTENDED, BLOCK) */
  readonly #attention: Float32Array
  /** (ATTENDED, D + 1 filled up) */
  readonly #entries: Float32Array
  readonly #inputs: Float32Array
  /** (candidates, features) */
  readonly #given: Float32Array
  readonly #hidden: Float32Array
  /** Of one candidate. */
  readonly #unbent: Float32Array
  readonly #worth: Float32Array
  readonly #answer: Float32Array
  /** Rows by input, then by feature, then by context feature. */
  readonly #toUnits: Float32Array
  readonly #slope: Float32Array
  /** By head: what the units are worth to it. */
  readonly #toHeads: readonly Float32Array[]
  readonly #bias: Float32Array
  /** What all candidates have in common: less the means of the features, then the context. */
  readonly #around: Float32Array
  readonly #shares = new Float64Array(ATTENDED)

  /** @throws CORRUPT where a tensor is missing or of a size that the kernel cannot take */
  constructor(
    tensors: Tensors,
    names: readonly string[],
    contextNames: readonly string[],
    pairs: PairScores = new PairScoreTable(tensors),
  ) {
    const weights = readDin(tensors, names, contextNames)
    const { width, unit, layer } = weights
    if ([width, unit, layer].some((size) => size % LANES !== 0)) {
      throw new TributaryError('CORRUPT', `an interest network of ${width}, ${unit}, ${layer}: 4 must divide each`)
    }
    this.#weights = weights
    this.#pairs = pairs
    const interest = padded(width + 1)
    this.#stride = interest + 2 * width
    this.#features = names.length
    this.#units = 2 * LANES * Math.ceil((layer + HEADS) / (2 * LANES))
    const [units, rows] = [this.#units, this.#stride + names.length + contextNames.length]
    const blockFloats = BLOCK * (ATTENDED + this.#stride + names.length + 1 + units)
    this.#algebra = new LinearAlgebra(
      blockFloats + ATTENDED * (interest + 1) + units * (rows + 4 + HEADS) + rows,
      ARRAYS,
    )
    const array = (values: number | Float32Array) => this.#algebra.array(values)
    this.#attention = array(ATTENDED * BLOCK)
    this.#entries = array(ATTENDED * interest)
    this.#inputs = array(BLOCK * this.#stride)
    this.#given = array(BLOCK * names.length)
    this.#hidden = array(BLOCK * units)
    this.#answer = array(BLOCK)
    this.#unbent = array(units)
    this.#worth = array(units)
    this.#bias = array(units)
    this.#around = array(names.length + contextNames.length)
    this.#toUnits = array(toUnits(weights, interest, units))
    this.#slope = array(units).fill(1)
    this.#slope.set(weights.layerSlope)
    this.#toHeads = Array.from({ length: HEADS }, (_, head) => {
      const worth = array(units)
      for (let l = 0; l < layer; l++) worth[l] = weights.layerToHeads[l * HEADS + head]!
      worth[layer + head] = 1
      return worth
    })
  }

  /** (candidates, HEADS): logits. */
  rank(request: DinRequest): Float32Array {
    const { items, features, history } = request
    const count = items.length
    const logits = new Float32Array(count * HEADS)
    if (count === 0) return logits
    const columns = this.#features
    this.#prepareBias(request)
    this.#readEntries(history)
    for (let first = 0; first < count; first += BLOCK) {
      const block = items.subarray(first, first + BLOCK)
      this.#attend(block, history)
      this.#fill(block, history.length)
      this.#given.set(features.subarray(first * columns, (first + block.length) * columns))
      this.#forward(block.length, logits.subarray(first * HEADS))
    }
    return logits
  }

  /**
   * What each entry of the history adds to the logit of engagement of a candidate that was ranked last: how much it is
   * attended to, times what the interest in such as it is worth for the candidate (the logit's gradient).
   *
   * @param row of the candidate, of those ranked last; below BLOCK
   * @param entries of the history
   * @returns by entry; valid until the next call
   */
  attention(row: number, entries: number): Float64Array {
    this.#findWorthOfInterest(row)
    const columns = padded(this.#weights.width + 1)
    const answer = at(this.#answer)
    this.#algebra.run.products(at(this.#worth), at(this.#entries), columns, entries, columns, answer)
    const weights = this.#shares.subarray(0, entries)
    for (let entry = 0; entry < entries; entry++) {
      weights[entry] = this.#attention[entry * BLOCK + row]! * this.#answer[entry]!
    }
    return weights
  }

  /** The gradient of a candidate's logit of engagement by the interest. */
  #findWorthOfInterest(row: number): void {
    const { width } = this.#weights
    const { run } = this.#algebra
    const [units, stride, worth, unbent] = [this.#units, this.#stride, this.#worth, this.#unbent]
    const [slope, toHead] = [this.#slope, this.#toHeads[0]!]
    this.#layer(row, 1, at(unbent))
    for (let unit = 0; unit < units; unit++) unbent[unit] = toHead[unit]! * (unbent[unit]! > 0 ? 1 : slope[unit]!)
    // Of each input, as far as it goes through the units; then the products' share goes to the interest.
    const gradients = this.#answer
    run.products(at(unbent), at(this.#toUnits), units, stride, units, at(gradients))
    const columns = padded(width + 1)
    worth.set(gradients.subarray(0, columns))
    for (let d = 0; d < width; d++) {
      worth[d]! += this.#inputs[row * stride + columns + d]! * gradients[columns + width + d]!
    }
  }

  /** @param into (candidates, HEADS) */
  #forward(count: number, into: Float32Array): void {
    const { run } = this.#algebra
    const units = this.#units
    const [hidden, answer] = [at(this.#hidden), this.#answer]
    this.#layer(0, count, hidden)
    run.parametricRelu(hidden, count, units, at(this.#slope))
    for (let head = 0; head < HEADS; head++) {
      run.products(at(this.#toHeads[head]!), hidden, units, count, units, at(answer))
      for (let row = 0; row < count; row++) into[row * HEADS + head] = answer[row]!
    }
  }

  /**
   * What the units are told of candidates, before they bend it.
   * @param out address of (candidates, units)
   */
  #layer(first: number, count: number, out: number): void {
    const { run } = this.#algebra
    const [units, stride, columns] = [this.#units, this.#stride, this.#features]
    const inputs = at(this.#inputs) + first * stride * FLOAT_BYTES
    const given = at(this.#given) + first * columns * FLOAT_BYTES
    run.linear(inputs, stride, count, stride, this.#rowOf(0), units, units, at(this.#bias), out, units)
    run.addLinear(given, columns, count, columns, this.#rowOf(stride), units, units, out, units)
  }

  #rowOf(input: number): number {
    return at(this.#toUnits) + input * this.#units * FLOAT_BYTES
  }

  /** Fills in (ATTENDED, D + 1): what the entries are. */
  #readEntries(history: AttendedHistory): void {
    const { width, embedding } = this.#weights
    const columns = padded(width + 1)
    for (let entry = 0; entry < history.length; entry++) {
      const from = history.item[entry]!
      const to = entry * columns
      for (let d = 0; d < width; d++) this.#entries[to + d] = from < 0 ? 0 : embedding[from * width + d]!
      this.#entries[to + width] = 1
    }
  }

  /** Fills in (ATTENDED, candidates): what each entry matters. */
  #attend(items: Int32Array, history: AttendedHistory): void {
    const attention = this.#attention
    for (let entry = 0; entry < history.length; entry++) {
      const from = history.item[entry]!
      const factor = from < 0 ? 0 : this.#factor(history, entry)
      const to = entry * BLOCK
      if (factor === 0) {
        attention.fill(0, to, to + items.length)
        continue
      }
      const scores = this.#pairs.of(from)
      for (let row = 0; row < items.length; row++) {
        const item = items[row]!
        attention[to + row] = item < 0 ? 0 : factor * scores[item]!
      }
    }
  }

  #factor({ kind, value, age }: AttendedHistory, entry: number): number {
    const { factors } = this.#weights
    const meant = factors.kind[kind[entry]!]! + factors.value[value[entry]!]!
    return meant * Math.exp(factors.age[age[entry]!]! + factors.position[entry]!)
  }

  /** Fills in the inputs: interest, target, their product. */
  #fill(items: Int32Array, entries: number): void {
    const { width, embedding } = this.#weights
    const columns = padded(width + 1)
    const [inputs, stride] = [this.#inputs, this.#stride]
    const [a, e] = [at(this.#attention), at(this.#entries)]
    this.#algebra.run.outer(a, BLOCK, entries, items.length, e, columns, columns, at(inputs), stride)
    for (let row = 0; row < items.length; row++) {
      const from = items[row]! * width
      const start = row * stride
      const to = start + columns
      for (let d = 0; d < width; d++) {
        const value = from < 0 ? 0 : embedding[from + d]!
        inputs[to + d] = value
        inputs[to + width + d] = value * inputs[start + d]!
      }
    }
  }

  /** What the request gives all candidates: its context, and the means of the features, which they are taken less of. */
  #prepareBias({ features, context, means: given }: DinRequest): void {
    const { layer, layerBias, headsBias, contextMean, contextScale } = this.#weights
    const [bias, around, units] = [this.#bias, this.#around, this.#units]
    const means = given ?? columnMoments(features, this.#features).means
    for (let f = 0; f < this.#features; f++) around[f] = -means[f]!
    for (let c = 0; c < context.length; c++) {
      around[this.#features + c] = clamped((context[c]! - contextMean[c]!) * contextScale[c]!)
    }
    bias.fill(0)
    bias.set(layerBias)
    bias.set(headsBias, layer)
    const weights = this.#rowOf(this.#stride)
    this.#algebra.run.addLinear(at(around), around.length, 1, around.length, weights, units, units, at(bias), units)
  }
}

function at({ byteOffset }: Float32Array): number {
  return byteOffset
}

function clamped(deviations: number): number {
  return Math.max(-MOST_DEVIATION, Math.min(MOST_DEVIATION, deviations))
}

/** The interest is filled up to whole registers, and so is what weighs it. */
function toUnits(weights: DinWeights, interest: number, units: number): Float32Array {
  const { width, layer, toLayer, toHeads, contextToLayer, contextToHeads } = weights
  const spaced = (input: number) => (input > width ? input + interest - (width + 1) : input)
  const inputs = toLayer.length / layer
  const rows = spaced(inputs) + contextToLayer.length / layer
  const matrix = new Float32Array(rows * units)
  const put = (from: number, row: number, ofLayer: Float32Array, ofHeads: Float32Array) => {
    matrix.set(ofLayer.subarray(from * layer, (from + 1) * layer), row * units)
    matrix.set(ofHeads.subarray(from * HEADS, (from + 1) * HEADS), row * units + layer)
  }
  for (let input = 0; input < inputs; input++) put(input, spaced(input), toLayer, toHeads)
  for (let row = spaced(inputs); row < rows; row++) put(row - spaced(inputs), row, contextToLayer, contextToHeads)
  return matrix
}
