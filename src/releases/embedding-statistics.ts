import { Random } from '../random.ts'

const PAIRS = 20_000
const SEED = 1

export interface EmbeddingStatistics {
  readonly finite: boolean
  /**
   * Dimensions in use: (sum of eigenvalues)² / sum of squared eigenvalues of the covariance, the participation ratio.
   * 1 where all lie on a line, `dimensions` where they spread evenly.
   */
  readonly effectiveRank: number
  readonly meanNorm: number
  /** Standard deviation of the norms over their mean. */
  readonly normSpread: number
  /** Of random pairs: near 1 where everything is alike. */
  readonly meanCosine: number
}

/** What shows whether embeddings have collapsed. @param vectors (rows, dimensions), row by row */
export function embeddingStatistics(vectors: Float32Array, dimensions: number): EmbeddingStatistics {
  const rows = vectors.length / dimensions
  const row = (i: number) => vectors.subarray(i * dimensions, (i + 1) * dimensions)
  const norms = Float64Array.from({ length: rows }, (_, i) => Math.sqrt(product(row(i), row(i))))
  const meanNorm = mean(norms)
  const random = new Random(SEED)
  const cosines = Float64Array.from({ length: rows < 2 ? 0 : PAIRS }, () => {
    const a = random.below(rows)
    const b = (a + 1 + random.below(rows - 1)) % rows
    return product(row(a), row(b)) / Math.max(norms[a]! * norms[b]!, Number.MIN_VALUE)
  })
  return {
    finite: vectors.every(Number.isFinite),
    effectiveRank: participationRatio(vectors, dimensions),
    meanNorm,
    normSpread: Math.sqrt(mean(norms.map((norm) => (norm - meanNorm) ** 2))) / meanNorm,
    meanCosine: mean(cosines),
  }
}

/** By trace and Frobenius norm of the covariance: the eigenvalues themselves are not needed. */
function participationRatio(vectors: Float32Array, dimensions: number): number {
  const rows = vectors.length / dimensions
  const centre = new Float64Array(dimensions)
  for (let i = 0; i < vectors.length; i++) centre[i % dimensions]! += vectors[i]! / rows
  const covariance = new Float64Array(dimensions * dimensions)
  const centred = new Float64Array(dimensions)
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < dimensions; i++) centred[i] = vectors[row * dimensions + i]! - centre[i]!
    for (let i = 0; i < dimensions; i++) {
      for (let j = 0; j < dimensions; j++) covariance[i * dimensions + j]! += (centred[i]! * centred[j]!) / rows
    }
  }
  let trace = 0
  let squares = 0
  for (let i = 0; i < dimensions; i++) trace += covariance[i * dimensions + i]!
  for (const entry of covariance) squares += entry * entry
  return squares === 0 ? 0 : trace ** 2 / squares
}

function product(a: Float32Array, b: Float32Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!
  return sum
}

function mean(values: Float64Array): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length
}
