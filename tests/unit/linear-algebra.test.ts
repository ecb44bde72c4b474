import { expect, it } from 'vitest'
import { LinearAlgebra } from '../../src/kernels/linear-algebra.ts'
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
