// The inner loops of the models' forward passes in AssemblyScript, four floats at a time. All arrays are float32 in the
// module's memory, given by their addresses; sizes are in floats and multiples of 4. `build.mjs` compiles it.

/** out[r, j] = x[r] · w[, j] + bias[j], for `rows` rows: x (rows, xStride), w (inputs, wStride), out (rows, outStride). */
export function linear(
  x: usize,
  xStride: usize,
  rows: usize,
  inputs: usize,
  w: usize,
  wStride: usize,
  outputs: usize,
  bias: usize,
  out: usize,
  outStride: usize,
): void {
  const xBytes = xStride << 2
  const wBytes = wStride << 2
  const outBytes = outStride << 2
  let row: usize = 0
  // Four rows by eight outputs: eight sums in registers, and each weight is loaded once for four rows.
  for (; row + 3 < rows; row += 4) {
    let j: usize = 0
    for (; j + 7 < outputs; j += 8) {
      const b0 = bias ? v128.load(bias + (j << 2)) : f32x4.splat(0)
      const b1 = bias ? v128.load(bias + (j << 2), 16) : f32x4.splat(0)
      let a0 = b0
      let a1 = b1
      let c0 = b0
      let c1 = b1
      let d0 = b0
      let d1 = b1
      let e0 = b0
      let e1 = b1
      let from = x + row * xBytes
      let weight = w + (j << 2)
      for (let i: usize = 0; i < inputs; i++) {
        const w0 = v128.load(weight)
        const w1 = v128.load(weight, 16)
        const xa = v128.load32_splat(from)
        a0 = f32x4.add(a0, f32x4.mul(xa, w0))
        a1 = f32x4.add(a1, f32x4.mul(xa, w1))
        const xc = v128.load32_splat(from + xBytes)
        c0 = f32x4.add(c0, f32x4.mul(xc, w0))
        c1 = f32x4.add(c1, f32x4.mul(xc, w1))
        const xd = v128.load32_splat(from + 2 * xBytes)
        d0 = f32x4.add(d0, f32x4.mul(xd, w0))
        d1 = f32x4.add(d1, f32x4.mul(xd, w1))
        const xe = v128.load32_splat(from + 3 * xBytes)
        e0 = f32x4.add(e0, f32x4.mul(xe, w0))
        e1 = f32x4.add(e1, f32x4.mul(xe, w1))
        from += 4
        weight += wBytes
      }
      const to = out + row * outBytes + (j << 2)
      v128.store(to, a0)
      v128.store(to, a1, 16)
      v128.store(to + outBytes, c0)
      v128.store(to + outBytes, c1, 16)
      v128.store(to + 2 * outBytes, d0)
      v128.store(to + 2 * outBytes, d1, 16)
      v128.store(to + 3 * outBytes, e0)
      v128.store(to + 3 * outBytes, e1, 16)
    }
    for (; j < outputs; j += 4) {
      for (let r: usize = row; r < row + 4; r++) {
        column(x + r * xBytes, inputs, w + (j << 2), wBytes, bias ? bias + (j << 2) : 0, out + r * outBytes + (j << 2))
      }
    }
  }
  for (; row < rows; row++) {
    for (let j: usize = 0; j < outputs; j += 4) {
      column(
        x + row * xBytes,
        inputs,
        w + (j << 2),
        wBytes,
        bias ? bias + (j << 2) : 0,
        out + row * outBytes + (j << 2),
      )
    }
  }
}

/** Four outputs of one row. */
function column(x: usize, inputs: usize, w: usize, wBytes: usize, bias: usize, out: usize): void {
  let sum = bias ? v128.load(bias) : f32x4.splat(0)
  for (let i: usize = 0; i < inputs; i++) {
    sum = f32x4.add(sum, f32x4.mul(v128.load32_splat(x + (i << 2)), v128.load(w + i * wBytes)))
  }
  v128.store(out, sum)
}

/** out[i] = a · b[i], for `count` rows of b (count, stride), over the first `size` floats of each. */
export function products(a: usize, b: usize, stride: usize, count: usize, size: usize, out: usize): void {
  for (let i: usize = 0; i < count; i++) {
    const row = b + i * (stride << 2)
    let sum = f32x4.splat(0)
    for (let k: usize = 0; k < size << 2; k += 16) sum = f32x4.add(sum, f32x4.mul(v128.load(a + k), v128.load(row + k)))
    const total =
      f32x4.extract_lane(sum, 0) + f32x4.extract_lane(sum, 1) + f32x4.extract_lane(sum, 2) + f32x4.extract_lane(sum, 3)
    store<f32>(out + (i << 2), total)
  }
}

/** out = the sum of `count` rows of b (count, stride), over the first `size` floats of each, row i times weights[i]. */
export function mixture(weights: usize, b: usize, stride: usize, count: usize, size: usize, out: usize): void {
  for (let k: usize = 0; k < size << 2; k += 16) {
    let sum = f32x4.splat(0)
    for (let i: usize = 0; i < count; i++) {
      sum = f32x4.add(sum, f32x4.mul(v128.load32_splat(weights + (i << 2)), v128.load(b + i * (stride << 2) + k)))
    }
    v128.store(out + k, sum)
  }
}

/** x[r, j] times slope[j] where it is negative, in place, for `rows` rows of x (rows, size). */
export function parametricRelu(x: usize, rows: usize, size: usize, slope: usize): void {
  const zero = f32x4.splat(0)
  for (let j: usize = 0; j < size << 2; j += 16) {
    const bend = v128.load(slope + j)
    let at = x + j
    for (let r: usize = 0; r < rows; r++) {
      const value = v128.load(at)
      v128.store(at, f32x4.add(f32x4.max(value, zero), f32x4.mul(f32x4.min(value, zero), bend)))
      at += size << 2
    }
  }
}
