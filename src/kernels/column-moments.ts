import { LANES, LinearAlgebra } from './linear-algebra.ts'

export interface Moments {
  /** By column. */
  readonly means: Float64Array
  readonly variances: Float64Array
}

const ARRAYS = 3

/** @returns of values (rows, columns), rows at least one */
type MomentsOf = (values: Float32Array) => Moments

/** Of the last width and as many values as there ever were. */
let shared: { readonly columns: number; readonly most: number; readonly of: MomentsOf } | undefined

/**
 * Means and variances of columns, computed in doubles.
 * @param values (rows, columns)
 */
export function columnMoments(values: Float32Array, columns: number): Moments {
  if (shared?.columns !== columns || shared.most < values.length) {
    const most = 2 * values.length
    shared = { columns, most, of: momentsOf(columns, most) }
  }
  return shared.of(values)
}

function momentsOf(columns: number, most: number): MomentsOf {
  // The kernel reads and writes beyond the columns.
  const doubles = columns + LANES
  const algebra = new LinearAlgebra(most + LANES + 4 * doubles, ARRAYS)
  const given = algebra.array(most + LANES)
  const arrayOfDoubles = () => {
    const { buffer, byteOffset } = algebra.array(2 * doubles)
    return new Float64Array(buffer, byteOffset, columns)
  }
  const [means, variances] = [arrayOfDoubles(), arrayOfDoubles()]
  return (values) => {
    given.set(values)
    const rows = values.length / columns
    algebra.run.moments(given.byteOffset, columns, rows, means.byteOffset, variances.byteOffset)
    return { means: means.slice(), variances: variances.slice() }
  }
}
