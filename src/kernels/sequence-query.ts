// The forward pass of the sequence model (src/training/sequence-model.ts) for one history. Only the last event's state
// is asked for, so the last block works out that one alone.
import type { QueryHistory, QueryModel } from '../models/query-model.ts'
import type { Tensors } from '../models/tensors.ts'
import { CONTEXTS_AN_EVENT, contextOf, gapBucket } from './event-context.ts'
import { applyLinear, applyNorm, innerProduct, type Linear, linearOf, softmax } from './linear.ts'
import { tensorOf } from './tensor-of.ts'

interface Block {
  readonly attentionNorm: Float64Array
  /** Queries, keys and values, one after the other. */
  readonly attentionIn: Linear
  /** (window, heads) */
  readonly distance: Float64Array
  /** (GAP_BUCKETS, heads) */
  readonly age: Float64Array
  readonly attentionOut: Linear
  readonly forwardNorm: Float64Array
  readonly forwardIn: Linear
  readonly forwardOut: Linear
}

/** @throws CORRUPT where a tensor is missing */
export function sequenceQuery(tensors: Tensors): QueryModel {
  const items = tensorOf(tensors, 'items')
  const width = items.shape[1]!
  const heads = tensorOf(tensors, 'heads').data[0]!
  const blocks: Block[] = []
  while (tensors.has(`${blocks.length}.attention.in`)) blocks.push(readBlock(tensors, blocks.length))
  const window = tensorOf(tensors, '0.attention.distance').shape[0]!
  const contexts = tensorOf(tensors, 'contexts').data
  const finalNorm = Float64Array.from(tensorOf(tensors, 'final.norm').data)
  const finalBias = tensorOf(tensors, 'final.bias').data
  const scale = Math.sqrt(width)

  const x = new Float64Array(window * width)
  const normed = new Float64Array(window * width)
  const projected = new Float64Array(window * 3 * width)
  const attended = new Float64Array(window * width)
  const hidden = new Float64Array(window * Math.max(...blocks.map(({ forwardIn }) => forwardIn.outputs)))
  const added = new Float64Array(window * width)
  const weights = new Float64Array(window)
  /** Event times of the rows of x, ms. */
  const at = new Float64Array(window)
  /** Of the position that attends: bucket of the time since each earlier one. */
  const ages = new Int32Array(window)
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
      const last = (length - 1) * width
      applyNorm(finalNorm, 1, x, last, normed)
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
      for (let i = 0; i < width; i++) x[from + i] = scale * items.data[item * width + i]!
      for (const column of columns) for (let i = 0; i < width; i++) x[from + i]! += contexts[column * width + i]!
      row++
    }
    return length
  }

  /** Adds attention to the states from position `first` on. */
  function attend(block: Block, length: number, first: number): void {
    applyNorm(block.attentionNorm, length, x, 0, normed)
    // Queries where they are asked for, keys and values everywhere.
    const [all, from] = [3 * width, first * width]
    applyLinear(block.attentionIn, [0, width], length - first, normed, from, projected, first * all, all)
    applyLinear(block.attentionIn, [width, all], length, normed, 0, projected, width, all)
    const size = width / heads
    const sharpness = 1 / Math.sqrt(size)
    attended.fill(0, from, length * width)
    for (let position = first; position < length; position++) {
      for (let to = 0; to <= position; to++) ages[to] = gapBucket(at[position]! - at[to]!)
      for (let head = 0; head < heads; head++) {
        const query = position * all + head * size
        for (let to = 0; to <= position; to++) {
          const key = to * all + width + head * size
          const bias = block.distance[(position - to) * heads + head]! + block.age[ages[to]! * heads + head]!
          weights[to] = sharpness * innerProduct(projected, query, projected, key, size) + bias
        }
        softmax(weights, position + 1)
        const out = position * width + head * size
        for (let to = 0; to <= position; to++) {
          const weight = weights[to]!
          const value = to * all + 2 * width + head * size
          for (let i = 0; i < size; i++) attended[out + i]! += weight * projected[value + i]!
        }
      }
    }
    applyLinear(block.attentionOut, [0, width], length - first, attended, from, added, from, width)
    for (let i = from; i < length * width; i++) x[i]! += added[i]!
  }

  function feedForward({ forwardNorm, forwardIn, forwardOut }: Block, length: number, first: number): void {
    const from = first * width
    const rows = length - first
    applyNorm(forwardNorm, rows, x, from, normed)
    applyLinear(forwardIn, [0, forwardIn.outputs], rows, normed, 0, hidden, 0, forwardIn.outputs)
    for (let i = 0; i < rows * forwardIn.outputs; i++) if (hidden[i]! < 0) hidden[i] = 0
    applyLinear(forwardOut, [0, width], rows, hidden, 0, added, 0, width)
    for (let i = 0; i < rows * width; i++) x[from + i]! += added[i]!
  }
}

function readBlock(tensors: Tensors, block: number): Block {
  const of = (name: string) => tensorOf(tensors, `${block}.${name}`)
  const doubles = (name: string) => Float64Array.from(of(name).data)
  return {
    attentionNorm: doubles('attention.norm'),
    attentionIn: linearOf(of('attention.in')),
    distance: doubles('attention.distance'),
    age: doubles('attention.age'),
    attentionOut: linearOf(of('attention.out')),
    forwardNorm: doubles('forward.norm'),
    forwardIn: linearOf(of('forward.in'), of('forward.in.bias')),
    forwardOut: linearOf(of('forward.out'), of('forward.out.bias')),
  }
}
