import { TributaryError } from '../errors.ts'

/** @throws BAD_INPUT where the length differs */
export function checkLength(vector: Float32Array, dimensions: number): void {
  if (vector.length === dimensions) return
  const message = `a vector of ${vector.length} numbers does not go with an index of ${dimensions} dimensions`
  throw new TributaryError('BAD_INPUT', message, { dimensions, length: vector.length })
}

/** @throws BAD_INPUT likewise, and where a number is not finite: such a vector is nowhere, and hides others */
export function checkVector(vector: Float32Array, dimensions: number, label: number): void {
  checkLength(vector, dimensions)
  if (vector.every(Number.isFinite)) return
  throw new TributaryError('BAD_INPUT', `the vector of label ${label} has numbers that are not finite`, { label })
}
