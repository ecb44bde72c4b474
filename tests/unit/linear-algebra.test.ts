import { expect, it } from 'vitest'
import { LinearAlgebra, padded } from '../../src/kernels/linear-algebra.ts'
import { ranksAmong } from '../../src/kernels/ranks.ts'
import { Random } from '../../src/random.ts'

const random = new Random(1)
const numbers = (length: number) => Float32Array.from({ length }, () => random.normal())

it.each([
  { rows: 1, inputs: 8, outputs: 4 },
  { rows: 4, inputs: 5, outputs: 8 },
  { rows: 7, inputs: 12, outputs: 20 },
])('a linear layer of $rows rows, $inputs inputs and $outputs outputs is the sum of products', (size) => {
  const { rows, inputs, outputs } = size
  const algebra = new LinearAlgebra(rows * inputs + inputs * outputs + outputs + rows * outputs, 4)
  const x = algebra.array(numbers(rows * inputs))
  const w = algebra.array(numbers(inputs * outputs))
  const bias = algebra.array(numbers(outputs))
  const out = algebra.array(rows * outputs)
  const [a, b, c, d] = [x.byteOffset, w.byteOffset, bias.byteOffset, out.byteOffset]
  for (const [address, of] of [[0, () => 0] as const, [c, (j: number) => bias[j]!] as const]) {
    algebra.run.linear(a, inputs, rows, inputs, b, outputs, outputs, address, d, outputs)
    for (let r = 0; r < rows; r++) {
      for (let j = 0; j < outputs; j++) {
        let sum = of(j)
        for (let i = 0; i < inputs; i++) sum += x[r * inputs + i]! * w[i * outputs + j]!
        expect(out[r * outputs + j]).toBeCloseTo(sum, 4)
      }
    }
  }
})

it('products and mixtures read the first floats of rows further apart', () => {
  const [count, stride, size] = [5, 12, 8]
  const algebra = new LinearAlgebra(count * stride + 2 * size + 2 * count, 5)
  const rows = algebra.array(numbers(count * stride))
  const a = algebra.array(numbers(size))
  const weights = algebra.array(numbers(count))
  const products = algebra.array(count)
  const mixture = algebra.array(size)
  algebra.run.products(a.byteOffset, rows.byteOffset, stride, count, size, products.byteOffset)
  algebra.run.mixture(weights.byteOffset, rows.byteOffset, stride, count, size, mixture.byteOffset)
  for (let i = 0; i < count; i++) {
    let sum = 0
    for (let k = 0; k < size; k++) sum += a[k]! * rows[i * stride + k]!
    expect(products[i]).toBeCloseTo(sum, 4)
  }
  for (let k = 0; k < size; k++) {
    let sum = 0
    for (let i = 0; i < count; i++) sum += weights[i]! * rows[i * stride + k]!
    expect(mixture[k]).toBeCloseTo(sum, 4)
  }
})

it('products of some rows leave out what is below 0', () => {
  const [count, size] = [6, 12]
  const algebra = new LinearAlgebra(count * size + size + 8, 4)
  const rows = algebra.array(numbers(count * size))
  const a = algebra.array(numbers(size))
  const { buffer, byteOffset } = algebra.array(4)
  const ids = new Int32Array(buffer, byteOffset, 3)
  ids.set([5, -1, 2])
  const out = algebra.array(3)
  algebra.run.productsOf(a.byteOffset, rows.byteOffset, size, byteOffset, 3, out.byteOffset)
  for (const [i, id] of ids.entries()) {
    const product = id < 0 ? 0 : a.reduce((sum, value, k) => sum + value * rows[id * size + k]!, 0)
    expect(out[i]).toBeCloseTo(product, 4)
  }
})

it('attention is the mixture of values by the softmax of products and biases, up to each position', () => {
  const [length, size, stride] = [7, 8, 28]
  const biasStride = padded(length)
  const algebra = new LinearAlgebra(length * (stride + size + biasStride) + biasStride, 4)
  const projected = algebra.array(numbers(length * stride))
  const bias = algebra.array(numbers(length * biasStride).map((value) => 20 * value))
  const weights = algebra.array(biasStride)
  const out = algebra.array(length * size)
  for (let p = 0; p < length; p++) bias.fill(-Infinity, p * biasStride + p + 1, (p + 1) * biasStride)
  const [queries, keys, values] = [0, size, 2 * size].map((from) => projected.byteOffset + 4 * from)
  const [b, w, o] = [bias, weights, out].map(({ byteOffset }) => byteOffset)
  algebra.run.attend(queries!, keys!, values!, stride, 1, length, size, 0.3, b!, biasStride, w!, o!, size)
  expect([...out.subarray(0, size)]).toEqual(Array(size).fill(0))
  for (let p = 1; p < length; p++) {
    const powers = Array.from({ length: p + 1 }, (_, t) => {
      let product = 0
      for (let k = 0; k < size; k++) product += projected[p * stride + k]! * projected[t * stride + size + k]!
      return Math.exp(0.3 * product + bias[p * biasStride + t]!)
    })
    const total = powers.reduce((sum, power) => sum + power, 0)
    for (let k = 0; k < size; k++) {
      const mixed = powers.reduce((sum, power, t) => sum + power * projected[t * stride + 2 * size + k]!, 0)
      expect(out[p * size + k]).toBeCloseTo(mixed / total, 5)
    }
  }
})

it('logarithms of scores relative to the best, and one value for nothing', () => {
  const scores = [3, 1e-9, 0, 0.02, 7, -2, 0.7]
  const algebra = new LinearAlgebra(2 * 8 + 3 * scores.length, 2)
  const { buffer, byteOffset } = algebra.array(2 * 8)
  new Float64Array(buffer, byteOffset, 8).set(scores)
  const out = algebra.array(3 * scores.length)
  algebra.run.logRelative(byteOffset, scores.length, 7, 1e-3, -6.5, out.byteOffset, 3)
  for (const [row, score] of scores.entries()) {
    expect(out[3 * row]).toBeCloseTo(score > 0 ? Math.log(score / 7 + 1e-3) : -6.5, 6)
    expect(out[3 * row + 1] ?? 0).toBe(0)
  }
})

it('ranks are one more than how many are greater', () => {
  const others = [4, 1, 3, 3, 9]
  const ranks = ranksAmong([9, 3, 1, 0], others.length, (all) => all.set(others))
  expect(ranks).toEqual([1, 3, 5, 6])
})
