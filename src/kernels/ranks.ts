import { LinearAlgebra } from './linear-algebra.ts'

/** A place to work in, of as many numbers as there ever were. */
let shared: { readonly algebra: LinearAlgebra; readonly values: Float64Array } | undefined

/**
 * The rank (from 1) of each of `numbers` among others: one more than how many of these are greater.
 * @param count of others
 * @param fill puts them in
 */
export function ranksAmong(numbers: readonly number[], count: number, fill: (others: Float64Array) => void): number[] {
  if (shared === undefined || shared.values.length < count) {
    const algebra = new LinearAlgebra(4 * count + 4, 1)
    const { buffer, byteOffset } = algebra.array(4 * count + 4)
    shared = { algebra, values: new Float64Array(buffer, byteOffset, 2 * count + 2) }
  }
  const { algebra, values } = shared
  fill(values)
  values[count] = Number.NEGATIVE_INFINITY
  const even = count + (count % 2)
  return numbers.map((number) => 1 + algebra.run.greater(values.byteOffset, even, number))
}
