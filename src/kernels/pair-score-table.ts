import type { Pace } from '../in-passing.ts'
import type { PairScores } from '../models/pair-scores.ts'
import type { Tensors } from '../models/tensors.ts'
import { type ActivationUnit, readActivationUnit } from './din-weights.ts'
import { LinearAlgebra } from './linear-algebra.ts'

/** Rows of the table are kept up to so many bytes: all of them, for a catalogue of 4,000 items. */
const TABLE_BYTES = 64 * 2 ** 20
/** Items whose hidden units are worked out at once: few enough for the processor's first cache. */
const BLOCK = 128
const ARRAYS = 7

/**
 * How much a history entry matters for a candidate, by what the activation unit makes of the two items. It depends on
 * nothing else, so it is a table of all pairs, which is filled in row by row as history items are met.
 */
export class PairScoreTable implements PairScores {
  readonly #unit: ActivationUnit
  readonly #items: number
  readonly #mostRows: number
  /** Rows by history item, the one that was used longest ago first. */
  readonly #rows = new Map<number, Float32Array>()
  readonly #algebra: LinearAlgebra
  readonly #embedding: Float32Array
  readonly #pair: Float32Array
  readonly #bias: Float32Array
  readonly #slope: Float32Array
  readonly #out: Float32Array
  readonly #hidden: Float32Array
  readonly #scores: Float32Array

  /** @throws CORRUPT where a tensor is missing */
  constructor(tensors: Tensors, tableBytes = TABLE_BYTES) {
    this.#unit = readActivationUnit(tensors)
    const { width, unit, embedding, slope, out } = this.#unit
    this.#items = embedding.length / width
    this.#mostRows = Math.max(1, Math.floor(tableBytes / (4 * this.#items)))
    const floats = embedding.length + width * unit + 3 * unit + BLOCK * (unit + 1)
    this.#algebra = new LinearAlgebra(floats, ARRAYS)
    this.#embedding = this.#algebra.array(embedding)
    this.#pair = this.#algebra.array(width * unit)
    this.#bias = this.#algebra.array(unit)
    this.#slope = this.#algebra.array(slope)
    this.#out = this.#algebra.array(out)
    this.#hidden = this.#algebra.array(BLOCK * unit)
    this.#scores = this.#algebra.array(BLOCK)
  }

  /** A few at a time, between other work. */
  async prepare(items: Iterable<number>, pace: Pace): Promise<void> {
    for (const item of items) {
      if (this.#rows.size >= this.#mostRows) return
      await pace(() => this.of(item))
    }
  }

  /** Rows that are kept at present. */
  get rows(): number {
    return this.#rows.size
  }

  of(item: number): Float32Array {
    let row = this.#rows.get(item)
    // Where there is room for all, none has to be known as used longest ago.
    if (row && this.#mostRows >= this.#items) return row
    if (row) this.#rows.delete(item)
    else {
      if (this.#rows.size >= this.#mostRows) this.#rows.delete(this.#rows.keys().next().value!)
      row = this.#compute(item)
    }
    this.#rows.set(item, row)
    return row
  }

  #compute(item: number): Float32Array {
    const { width, unit, product, target, history, bias, outBias } = this.#unit
    const { run } = this.#algebra
    const from = item * width
    this.#bias.set(bias)
    for (let d = 0; d < width; d++) {
      const value = this.#embedding[from + d]!
      for (let k = 0; k < unit; k++) {
        this.#pair[d * unit + k] = value * product[k * width + d]! + target[k * width + d]!
        this.#bias[k]! += value * history[d * unit + k]!
      }
    }
    const row = new Float32Array(this.#items)
    const [pairs, biases, hidden] = [this.#pair.byteOffset, this.#bias.byteOffset, this.#hidden.byteOffset]
    for (let first = 0; first < this.#items; first += BLOCK) {
      const count = Math.min(BLOCK, this.#items - first)
      const at = this.#embedding.byteOffset + 4 * first * width
      run.linear(at, width, count, width, pairs, unit, unit, biases, hidden, unit)
      run.parametricRelu(hidden, count, unit, this.#slope.byteOffset)
      run.products(this.#out.byteOffset, hidden, unit, count, unit, this.#scores.byteOffset)
      for (let i = 0; i < count; i++) row[first + i] = this.#scores[i]! + outBias
    }
    return row
  }
}
