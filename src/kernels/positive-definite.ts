import { TributaryError } from '../errors.ts'

/** Rows and columns worked on together, and products summed at a time: what stays in the nearest caches. */
const BLOCK = 64
const PANEL = 256

/**
 * The inverse of a symmetric positive definite matrix by Cholesky, L L' = A: with U the transpose of the inverse of L,
 * the inverse of A is U U'. All three steps come down to sums of products of rows, in blocks: of 3,400 x 3,400 about
 * ten seconds on one core.
 *
 * @param matrix row-major, its lower triangle read; overwritten
 * @param size rows
 * @throws TributaryError BAD_INPUT if it is not positive definite
 */
export function invertPositiveDefinite(matrix: Float64Array, size: number): Float64Array {
  factorise(matrix, size)
  const upper = transposedInverse(matrix, size)
  return timesOwnTranspose(upper, size, matrix)
}

/**
 * Solves A x = b, A symmetric and positive definite.
 *
 * @param matrix row-major, its lower triangle read; overwritten by L
 * @param b overwritten by x
 * @throws TributaryError BAD_INPUT if A is not positive definite
 */
export function solvePositiveDefinite(matrix: Float64Array, b: Float64Array): void {
  const n = b.length
  factorise(matrix, n)
  for (let i = 0; i < n; i++) b[i] = (b[i]! - dot(matrix, i * n, b, 0, 0, i)) / matrix[i * n + i]!
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) b[i]! -= matrix[k * n + i]! * b[k]!
    b[i]! /= matrix[i * n + i]!
  }
}

/** Overwrites the lower triangle of A with L. */
export function factorise(a: Float64Array, n: number): void {
  for (let start = 0; start < n; start += BLOCK) {
    const end = Math.min(n, start + BLOCK)
    const target = { into: a, rows: [start, n], columns: [start, end] } as const
    subtractProducts(target, a, a, n, 0, start)
    for (let j = start; j < end; j++) {
      const pivot = a[j * n + j]! - dot(a, j * n, a, j * n, start, j)
      if (!(pivot > 0))
        throw new TributaryError('BAD_INPUT', `row ${j} of a matrix to invert depends on those before it`)
      a[j * n + j] = Math.sqrt(pivot)
      for (let i = j + 1; i < n; i++) {
        a[i * n + j] = (a[i * n + j]! - dot(a, i * n, a, j * n, start, j)) / a[j * n + j]!
      }
    }
  }
}

/** U = (L^-1)', column block by column block: L U' = I solved forward. */
function transposedInverse(lower: Float64Array, n: number): Float64Array {
  const u = new Float64Array(n * n)
  for (let i = 0; i < n; i++) u[i * n + i] = 1
  for (let start = 0; start < n; start += BLOCK) {
    const end = Math.min(n, start + BLOCK)
    for (let row = 0; row < end; row += BLOCK) {
      const target = { into: u, rows: [row, Math.min(end, row + BLOCK)], columns: [start, end] } as const
      subtractProducts(target, u, lower, n, row, start)
    }
    for (let j = 0; j < end; j++) {
      for (let i = Math.max(j, start); i < end; i++) {
        u[j * n + i] = (u[j * n + i]! - dot(lower, i * n, u, j * n, start, i)) / lower[i * n + i]!
      }
    }
  }
  return u
}

/** U U' into `out`, both triangles. */
function timesOwnTranspose(u: Float64Array, n: number, out: Float64Array): Float64Array {
  out.fill(0)
  for (let row = 0; row < n; row += BLOCK) {
    for (let column = 0; column <= row; column += BLOCK) {
      const rows = [row, Math.min(n, row + BLOCK)] as const
      const columns = [column, Math.min(n, column + BLOCK)] as const
      subtractProducts({ into: out, rows, columns }, u, u, n, row, n)
    }
  }
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const entry = -out[i * n + j]!
      out[i * n + j] = entry
      out[j * n + i] = entry
    }
  }
  return out
}

interface Target {
  readonly into: Float64Array
  /** From, to (not included). */
  readonly rows: readonly [number, number]
  readonly columns: readonly [number, number]
}

/** into[i, j] -= sum over p in [from, to) of a[i, p] b[j, p], for all i in rows and j in columns. */
function subtractProducts(target: Target, a: Float64Array, b: Float64Array, n: number, from: number, to: number): void {
  const { into } = target
  const [top, bottom] = target.rows
  const [left, right] = target.columns
  for (let start = from; start < to; start += PANEL) {
    const end = Math.min(to, start + PANEL)
    for (let i = top; i < bottom; i += 4) {
      for (let j = left; j < right; j += 4) {
        if (i + 4 <= bottom && j + 4 <= right) subtractTile(into, i, j, a, b, n, start, end)
        else
          subtractEdge(
            { into, rows: [i, Math.min(i + 4, bottom)], columns: [j, Math.min(j + 4, right)] },
            a,
            b,
            n,
            start,
            end,
          )
      }
    }
  }
}

/** Sixteen sums at once, so that eight numbers read make sixteen products. */
function subtractTile(
  into: Float64Array,
  row: number,
  column: number,
  a: Float64Array,
  b: Float64Array,
  n: number,
  from: number,
  to: number,
): void {
  const [i0, i1, i2, i3] = [row * n, (row + 1) * n, (row + 2) * n, (row + 3) * n]
  const [j0, j1, j2, j3] = [column * n, (column + 1) * n, (column + 2) * n, (column + 3) * n]
  let [s00, s01, s02, s03, s10, s11, s12, s13] = [0, 0, 0, 0, 0, 0, 0, 0]
  let [s20, s21, s22, s23, s30, s31, s32, s33] = [0, 0, 0, 0, 0, 0, 0, 0]
  for (let p = from; p < to; p++) {
    const a0 = a[i0 + p]!
    const a1 = a[i1 + p]!
    const a2 = a[i2 + p]!
    const a3 = a[i3 + p]!
    const b0 = b[j0 + p]!
    const b1 = b[j1 + p]!
    const b2 = b[j2 + p]!
    const b3 = b[j3 + p]!
    s00 += a0 * b0
    s01 += a0 * b1
    s02 += a0 * b2
    s03 += a0 * b3
    s10 += a1 * b0
    s11 += a1 * b1
    s12 += a1 * b2
    s13 += a1 * b3
    s20 += a2 * b0
    s21 += a2 * b1
    s22 += a2 * b2
    s23 += a2 * b3
    s30 += a3 * b0
    s31 += a3 * b1
    s32 += a3 * b2
    s33 += a3 * b3
  }
  subtractRow(into, i0 + column, s00, s01, s02, s03)
  subtractRow(into, i1 + column, s10, s11, s12, s13)
  subtractRow(into, i2 + column, s20, s21, s22, s23)
  subtractRow(into, i3 + column, s30, s31, s32, s33)
}

function subtractRow(into: Float64Array, at: number, s0: number, s1: number, s2: number, s3: number): void {
  into[at]! -= s0
  into[at + 1]! -= s1
  into[at + 2]! -= s2
  into[at + 3]! -= s3
}

function subtractEdge(target: Target, a: Float64Array, b: Float64Array, n: number, from: number, to: number): void {
  for (let i = target.rows[0]; i < target.rows[1]; i++) {
    for (let j = target.columns[0]; j < target.columns[1]; j++) {
      target.into[i * n + j]! -= dot(a, i * n, b, j * n, from, to)
    }
  }
}

function dot(a: Float64Array, row: number, b: Float64Array, column: number, from: number, to: number): number {
  let sum = 0
  for (let p = from; p < to; p++) sum += a[row + p]! * b[column + p]!
  return sum
}
