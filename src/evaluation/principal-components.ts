const ITERATIONS = 200
const TOLERANCE = 1e-9

export interface Projection {
  /** Of each row, its coordinates along the first two components. */
  readonly points: readonly (readonly [x: number, y: number])[]
  /** Shares of the variance that the two components have. */
  readonly explained: readonly [number, number]
}

/**
 * Projects the rows of a matrix to the plane of their greatest variance: the two leading eigenvectors of the covariance,
 * by power iteration, the second with the first taken out.
 *
 * @param rows (n, dimensions), row by row
 */
export function projectToPlane(rows: Float32Array, dimensions: number): Projection {
  const n = rows.length / dimensions
  const centred = centre(rows, n, dimensions)
  const covariance = covarianceOf(centred, n, dimensions)
  let total = 0
  for (let i = 0; i < dimensions; i++) total += covariance[i * dimensions + i]!
  const first = leadingEigenvector(covariance, dimensions)
  deflate(covariance, first.vector, first.value)
  const second = leadingEigenvector(covariance, dimensions)
  const along = (vector: Float64Array, row: number) => {
    let sum = 0
    for (let i = 0; i < dimensions; i++) sum += centred[row * dimensions + i]! * vector[i]!
    return sum
  }
  return {
    points: Array.from({ length: n }, (_, row) => [along(first.vector, row), along(second.vector, row)] as const),
    explained: total > 0 ? [first.value / total, second.value / total] : [0, 0],
  }
}

function centre(rows: Float32Array, n: number, dimensions: number): Float64Array {
  const means = new Float64Array(dimensions)
  for (let at = 0; at < rows.length; at++) means[at % dimensions]! += rows[at]! / n
  return Float64Array.from(rows, (value, at) => value - means[at % dimensions]!)
}

function covarianceOf(centred: Float64Array, n: number, dimensions: number): Float64Array {
  const covariance = new Float64Array(dimensions ** 2)
  for (let row = 0; row < n; row++) {
    for (let i = 0; i < dimensions; i++) {
      const value = centred[row * dimensions + i]! / n
      for (let j = 0; j < dimensions; j++) covariance[i * dimensions + j]! += value * centred[row * dimensions + j]!
    }
  }
  return covariance
}

function leadingEigenvector(matrix: Float64Array, size: number): { vector: Float64Array; value: number } {
  // No direction is left out by chance: all components differ.
  let vector = normalised(Float64Array.from({ length: size }, (_, i) => 1 + i / size))
  let value = 0
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    const next = new Float64Array(size)
    for (let i = 0; i < size; i++) for (let j = 0; j < size; j++) next[i]! += matrix[i * size + j]! * vector[j]!
    const length = Math.hypot(...next)
    if (length === 0) return { vector, value: 0 }
    vector = normalised(next)
    if (Math.abs(length - value) <= TOLERANCE * length) return { vector, value: length }
    value = length
  }
  return { vector, value }
}

function deflate(matrix: Float64Array, vector: Float64Array, value: number): void {
  const size = vector.length
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) matrix[i * size + j]! -= value * vector[i]! * vector[j]!
  }
}

function normalised(vector: Float64Array): Float64Array {
  const length = Math.hypot(...vector)
  return vector.map((component) => component / length)
}
