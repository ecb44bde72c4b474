import type { Tensor } from '../models/tensors.ts'

/**
 * A linear layer on plain arrays. Everything in between is in doubles, which is what JavaScript computes in: 32-bit
 * floats would be converted at every multiplication.
 */
export interface Linear {
  readonly inputs: number
  readonly outputs: number
  /** (outputs, inputs): transposed, so that both factors of an inner product lie in a row. */
  readonly weights: Float64Array
  readonly bias: Float64Array | undefined
}

/** @param weights (inputs, outputs) */
export function linearOf(weights: Tensor, bias?: Tensor): Linear {
  const [inputs, outputs] = weights.shape as [number, number]
  const transposed = new Float64Array(inputs * outputs)
  for (let i = 0; i < inputs; i++) {
    for (let j = 0; j < outputs; j++) transposed[j * inputs + i] = weights.data[i * outputs + j]!
  }
  return { inputs, outputs, weights: transposed, bias: bias && Float64Array.from(bias.data) }
}

/**
 * into[r, from + j] = x[r] · weights[from + j] + bias, for rows r and outputs j in [from, to).
 *
 * @param x (rows, inputs), beginning at `xOffset`
 * @param into (rows, stride), beginning at `intoOffset`
 */
export function applyLinear(
  { inputs, weights, bias }: Linear,
  [from, to]: readonly [number, number],
  rows: number,
  x: Float64Array,
  xOffset: number,
  into: Float64Array,
  intoOffset: number,
  stride: number,
): void {
  for (let row = 0; row < rows; row++) {
    const a = xOffset + row * inputs
    const out = intoOffset + row * stride - from
    let j = from
    // Four outputs at a time: each input is loaded once for all, and no sum waits for another.
    for (; j + 3 < to; j += 4) {
      const w = j * inputs
      let s0 = 0
      let s1 = 0
      let s2 = 0
      let s3 = 0
      for (let i = 0; i < inputs; i++) {
        const value = x[a + i]!
        s0 += value * weights[w + i]!
        s1 += value * weights[w + inputs + i]!
        s2 += value * weights[w + 2 * inputs + i]!
        s3 += value * weights[w + 3 * inputs + i]!
      }
      into[out + j] = s0
      into[out + j + 1] = s1
      into[out + j + 2] = s2
      into[out + j + 3] = s3
    }
    for (; j < to; j++) into[out + j] = innerProduct(x, a, weights, j * inputs, inputs)
    if (bias) for (let k = from; k < to; k++) into[out + k]! += bias[k]!
  }
}

export function innerProduct(a: Float64Array, aFrom: number, b: Float64Array, bFrom: number, length: number): number {
  let sum = 0
  for (let i = 0; i < length; i++) sum += a[aFrom + i]! * b[bFrom + i]!
  return sum
}

/** Overwrites `scores[0..length)` with their softmax. */
export function softmax(scores: Float32Array | Float64Array, length: number): void {
  let most = Number.NEGATIVE_INFINITY
  for (let i = 0; i < length; i++) if (scores[i]! > most) most = scores[i]!
  let sum = 0
  for (let i = 0; i < length; i++) {
    const value = Math.exp(scores[i]! - most)
    scores[i] = value
    sum += value
  }
  for (let i = 0; i < length; i++) scores[i]! /= sum
}
