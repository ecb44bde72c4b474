// The forward pass of the sequence model (src/training/sequence-model.ts) for one history. Only the last event's state
// is asked for, so the last block works out that one alone.
import { TributaryError } from '../errors.ts'
import type { QueryHistory, QueryModel } from '../models/query-model.ts'
import type { Tensors } from '../models/tensors.ts'
import { CONTEXTS_AN_EVENT, contextOf, gapBucket } from './event-context.ts'
import { LANES, LinearAlgebra, padded } from './linear-algebra.ts'
import { tensorOf } from './tensor-of.ts'

interface Block {
  readonly attentionNorm: Float32Array
  /** (width, 3 width): to queries, keys and values, one after the other. */
  readonly attentionIn: Float32Array
  /** (window, heads) and (GAP_BUCKETS, heads) */
  readonly distance: Float32Array
  readonly age: Float32Array
  readonly attentionOut: Float32Array
  readonly forwardNorm: Float32Array
  readonly forwardIn: Float32Array
  readonly forwardInBias: Float32Array
  readonly forwardOut: Float32Array
  readonly forwardOutBias: Float32Array
}

const BLOCK_ARRAYS = 10
const WORK_ARRAYS = 9
const NORM_EPSILON = 1e-6

/** @throws CORRUPT where a tensor is missing or of a size that the kernel cannot take */
export function sequenceQuery(tensors: Tensors): QueryModel {
  const items = tensorOf(tensors, 'items')
  const width = items.shape[1]!
  const heads = tensorOf(tensors, 'heads').data[0]!
  const size = width / heads
  const hiddenWidth = tensorOf(tensors, '0.forward.in').shape[1]!
  if (size % 4 !== 0 || hiddenWidth % 4 !== 0) {
    throw new TributaryError('CORRUPT', `a sequence model of width ${width} in ${heads} heads: 4 must divide a head`)
  }
  const window = tensorOf(tensors, '0.attention.distance').shape[0]!
  let count = 0
  while (tensors.has(`${count}.attention.in`)) count++
  const weightFloats = [...tensors].reduce((sum, [name, { data }]) => sum + (name === 'items' ? 0 : data.length), 0)
  const workFloats = window * (6 * width + hiddenWidth + 1) + hiddenWidth + (window + 1) * padded(window)
  const algebra = new LinearAlgebra(weightFloats + workFloats, BLOCK_ARRAYS * count + WORK_ARRAYS)
  const blocks = Array.from({ length: count }, (_, block) => readBlock(tensors, block, algebra))
  const contexts = tensorOf(tensors, 'contexts').data
  const finalNorm = tensorOf(tensors, 'final.norm').data
  const finalBias = tensorOf(tensors, 'final.bias').data
  const scale = Math.sqrt(width)
  const { run } = algebra

  const x = algebra.array(window * width)
  const normed = algebra.array(window * width)
  const projected = algebra.array(window * 3 * width)
  const attended = algebra.array(window * width)
  const hidden = algebra.array(window * hiddenWidth)
  const flat = algebra.array(hiddenWidth)
  const ones = algebra.array(window).fill(1)
  const biasStride = padded(window)
  const bias = algebra.array(window * biasStride)
  const weights = algebra.array(biasStride)
  /** Event times of the rows of x, ms. */
  const at = new Float64Array(window)
  /** (window, biasStride): of each position, buckets of the time since those up to it. */
  const ages = new Int32Array(window * biasStride)
  const columns = new Int32Array(CONTEXTS_AN_EVENT)

  return {
    dimensions: width,
    items: items.data,
    query(history, into) {
      const length = embed(history)
      if (length === 0) return false
      blocks.forEach((block, index) => {
        const first = index === blocks.length - 1 ? length - 1 : 0
        attend(block, length, first)
        feedForward(block, length, first)
      })
      norm(finalNorm, 1, (length - 1) * width)
      for (let i = 0; i < width; i++) into[i] = normed[i]! + finalBias[i]!
      return true
    },
  }

  /** Fills x with the newest events whose items are known, oldest first, and answers how many they are. */
  function embed(history: QueryHistory): number {
    let first = history.length
    let length = 0
    while (first > 0 && length < window) if (history.item[--first]! >= 0) length++
    let row = 0
    for (let event = first; row < length; event++) {
      const item = history.item[event]!
      if (item < 0) continue
      const askedAt = event + 1 < history.length ? history.at[event + 1]! : history.now
      contextOf(history, event, row === 0, askedAt, columns, 0)
      at[row] = history.at[event]!
      const from = row * width
      const embedding = item * width
      for (let i = 0; i < width; i++) x[from + i] = scale * items.data[embedding + i]!
      for (let c = 0; c < CONTEXTS_AN_EVENT; c++) {
        const context = columns[c]! * width
        for (let i = 0; i < width; i++) x[from + i]! += contexts[context + i]!
      }
      for (let to = 0; to <= row; to++) ages[row * biasStride + to] = gapBucket(at[row]! - at[to]!)
      row++
    }
    return length
  }

  /** Root-mean-square norm of rows of x from `offset` on into the first rows of `normed`. */
  function norm(gain: Float32Array, rows: number, offset: number): void {
    for (let row = 0; row < rows; row++) {
      const from = offset + row * width
      let squares = 0
      for (let i = 0; i < width; i++) squares += x[from + i]! ** 2
      const inverse = 1 / Math.sqrt(squares / width + NORM_EPSILON)
      for (let i = 0; i < width; i++) normed[row * width + i] = x[from + i]! * inverse * gain[i]!
    }
  }

  /** Adds attention to the states from position `first` on. */
  function attend(block: Block, length: number, first: number): void {
    norm(block.attentionNorm, length, 0)
    const all = 3 * width
    const rows = length - first
    const from = first * width
    const inAddress = block.attentionIn.byteOffset
    const normedFrom = normed.byteOffset + 4 * from
    // Queries where they are asked for, keys and values everywhere.
    const queriesFrom = projected.byteOffset + 4 * first * all
    run.linear(normedFrom, width, rows, width, inAddress, all, width, 0, queriesFrom, all)
    const keysFrom = projected.byteOffset + 4 * width
    run.linear(normed.byteOffset, width, length, width, inAddress + 4 * width, all, 2 * width, 0, keysFrom, all)
    for (let head = 0; head < heads; head++) attendHead(block, length, first, head)
    const attendedFrom = attended.byteOffset + 4 * from
    const out = block.attentionOut.byteOffset
    run.addLinear(attendedFrom, width, rows, width, out, width, width, x.byteOffset + 4 * from, width)
  }

  function attendHead({ distance, age }: Block, length: number, first: number, head: number): void {
    for (let position = first; position < length; position++) {
      const row = position * biasStride
      for (let to = 0; to <= position; to++) {
        bias[row + to] = distance[(position - to) * heads + head]! + age[ages[row + to]! * heads + head]!
      }
      for (let to = position + 1; to % LANES !== 0; to++) bias[row + to] = Number.NEGATIVE_INFINITY
    }
    const all = 3 * width
    const queries = projected.byteOffset + 4 * head * size
    const [keys, values] = [queries + 4 * width, queries + 8 * width]
    const out = attended.byteOffset + 4 * head * size
    const [b, w] = [bias.byteOffset, weights.byteOffset]
    run.attend(queries, keys, values, all, first, length, size, 1 / Math.sqrt(size), b, biasStride, w, out, width)
  }

  function feedForward(block: Block, length: number, first: number): void {
    const { forwardNorm, forwardIn, forwardInBias, forwardOut, forwardOutBias } = block
    const rows = length - first
    const from = first * width
    norm(forwardNorm, rows, from)
    const [a, b, to] = [normed.byteOffset, hidden.byteOffset, x.byteOffset + 4 * from]
    const [inWeights, outWeights] = [forwardIn.byteOffset, forwardOut.byteOffset]
    run.linear(a, width, rows, width, inWeights, hiddenWidth, hiddenWidth, forwardInBias.byteOffset, b, hiddenWidth)
    run.parametricRelu(b, rows, hiddenWidth, flat.byteOffset)
    run.addLinear(b, hiddenWidth, rows, hiddenWidth, outWeights, width, width, to, width)
    run.addLinear(ones.byteOffset, 1, rows, 1, forwardOutBias.byteOffset, width, width, to, width)
  }
}

function readBlock(tensors: Tensors, block: number, algebra: LinearAlgebra): Block {
  const of = (name: string) => algebra.array(tensorOf(tensors, `${block}.${name}`).data)
  return {
    attentionNorm: of('attention.norm'),
    attentionIn: of('attention.in'),
    distance: of('attention.distance'),
    age: of('attention.age'),
    attentionOut: of('attention.out'),
    forwardNorm: of('forward.norm'),
    forwardIn: of('forward.in'),
    forwardInBias: of('forward.in.bias'),
    forwardOut: of('forward.out'),
    forwardOutBias: of('forward.out.bias'),
  }
}
