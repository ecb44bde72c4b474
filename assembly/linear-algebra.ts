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
  multiply(x, xStride << 2, 4, rows, inputs, w, wStride << 2, outputs, bias, 0, out, outStride << 2)
}

/** sum[r, j] += x[r] · w[, j], for `rows` rows: x (rows, xStride), w (inputs, wStride), sum (rows, sumStride). */
export function addLinear(
  x: usize,
  xStride: usize,
  rows: usize,
  inputs: usize,
  w: usize,
  wStride: usize,
  outputs: usize,
  sum: usize,
  sumStride: usize,
): void {
  multiply(x, xStride << 2, 4, rows, inputs, w, wStride << 2, outputs, sum, sumStride << 2, sum, sumStride << 2)
}

/** out[i, j] = x[, i] · y[, j], over `rows` rows: x (rows, xStride), y (rows, yStride), out (inputs, outStride). */
export function outer(
  x: usize,
  xStride: usize,
  rows: usize,
  inputs: usize,
  y: usize,
  yStride: usize,
  outputs: usize,
  out: usize,
  outStride: usize,
): void {
  multiply(x, 4, xStride << 2, inputs, rows, y, yStride << 2, outputs, 0, 0, out, outStride << 2)
}

/** sum[i, j] += x[, i] · y[, j], over `rows` rows: x (rows, xStride), y (rows, yStride), sum (inputs, sumStride). */
export function addOuter(
  x: usize,
  xStride: usize,
  rows: usize,
  inputs: usize,
  y: usize,
  yStride: usize,
  outputs: usize,
  sum: usize,
  sumStride: usize,
): void {
  multiply(x, 4, xStride << 2, inputs, rows, y, yStride << 2, outputs, sum, sumStride << 2, sum, sumStride << 2)
}

/** out[i] = a[i] times b[i] plus start[i], which is nothing where `start` is 0. */
export function multiplyAdd(a: usize, b: usize, start: usize, size: usize, out: usize): void {
  for (let i: usize = 0; i < size << 2; i += 16) {
    v128.store(out + i, f32x4.add(f32x4.mul(v128.load(a + i), v128.load(b + i)), startAt(start, start + i)))
  }
}

/**
 * out[r, j] = start[r, j] + x[r] · w[, j]. Strides are in bytes, `xStep` from one input of a row of x to the next; where
 * `start` is 0 so is what is begun with.
 */
function multiply(
  x: usize,
  xRow: usize,
  xStep: usize,
  rows: usize,
  inputs: usize,
  w: usize,
  wRow: usize,
  outputs: usize,
  start: usize,
  startRow: usize,
  out: usize,
  outRow: usize,
): void {
  let row: usize = 0
  // Four rows by eight outputs: eight sums in registers, and each weight is loaded once for four rows.
  for (; row + 3 < rows; row += 4) {
    let j: usize = 0
    for (; j + 7 < outputs; j += 8) {
      let begun = start + row * startRow + (j << 2)
      let a0 = startAt(start, begun)
      let a1 = startAt(start, begun + 16)
      begun += startRow
      let c0 = startAt(start, begun)
      let c1 = startAt(start, begun + 16)
      begun += startRow
      let d0 = startAt(start, begun)
      let d1 = startAt(start, begun + 16)
      begun += startRow
      let e0 = startAt(start, begun)
      let e1 = startAt(start, begun + 16)
      let from = x + row * xRow
      let weight = w + (j << 2)
      for (let i: usize = 0; i < inputs; i++) {
        const w0 = v128.load(weight)
        const w1 = v128.load(weight, 16)
        const xa = v128.load32_splat(from)
        a0 = f32x4.add(a0, f32x4.mul(xa, w0))
        a1 = f32x4.add(a1, f32x4.mul(xa, w1))
        const xc = v128.load32_splat(from + xRow)
        c0 = f32x4.add(c0, f32x4.mul(xc, w0))
        c1 = f32x4.add(c1, f32x4.mul(xc, w1))
        const xd = v128.load32_splat(from + 2 * xRow)
        d0 = f32x4.add(d0, f32x4.mul(xd, w0))
        d1 = f32x4.add(d1, f32x4.mul(xd, w1))
        const xe = v128.load32_splat(from + 3 * xRow)
        e0 = f32x4.add(e0, f32x4.mul(xe, w0))
        e1 = f32x4.add(e1, f32x4.mul(xe, w1))
        from += xStep
        weight += wRow
      }
      const to = out + row * outRow + (j << 2)
      v128.store(to, a0)
      v128.store(to, a1, 16)
      v128.store(to + outRow, c0)
      v128.store(to + outRow, c1, 16)
      v128.store(to + 2 * outRow, d0)
      v128.store(to + 2 * outRow, d1, 16)
      v128.store(to + 3 * outRow, e0)
      v128.store(to + 3 * outRow, e1, 16)
    }
    for (let r = row; r < row + 4; r++) {
      columns(x + r * xRow, xStep, inputs, w, wRow, j, outputs, start, start + r * startRow, out + r * outRow)
    }
  }
  for (; row < rows; row++) {
    columns(x + row * xRow, xStep, inputs, w, wRow, 0, outputs, start, start + row * startRow, out + row * outRow)
  }
}

/** The outputs of one row from output `j` on. */
function columns(
  x: usize,
  xStep: usize,
  inputs: usize,
  w: usize,
  wRow: usize,
  j: usize,
  outputs: usize,
  start: usize,
  begun: usize,
  out: usize,
): void {
  for (; j < outputs; j += 4) {
    let sum = startAt(start, begun + (j << 2))
    let from = x
    let weight = w + (j << 2)
    for (let i: usize = 0; i < inputs; i++) {
      sum = f32x4.add(sum, f32x4.mul(v128.load32_splat(from), v128.load(weight)))
      from += xStep
      weight += wRow
    }
    v128.store(out + (j << 2), sum)
  }
}

function startAt(start: usize, address: usize): v128 {
  return start ? v128.load(address) : f32x4.splat(0)
}

/** out[i] = a · b[i], for `count` rows of b (count, stride), over the first `size` floats of each. */
export function products(a: usize, b: usize, stride: usize, count: usize, size: usize, out: usize): void {
  for (let i: usize = 0; i < count; i++) {
    const row = b + i * (stride << 2)
    let sum = f32x4.splat(0)
    let other = f32x4.splat(0)
    let k: usize = 0
    // Two sums, so that no addition waits for the one before.
    for (; k + 16 < size << 2; k += 32) {
      sum = f32x4.add(sum, f32x4.mul(v128.load(a + k), v128.load(row + k)))
      other = f32x4.add(other, f32x4.mul(v128.load(a + k, 16), v128.load(row + k, 16)))
    }
    if (k < size << 2) sum = f32x4.add(sum, f32x4.mul(v128.load(a + k), v128.load(row + k)))
    sum = f32x4.add(sum, other)
    const total =
      f32x4.extract_lane(sum, 0) + f32x4.extract_lane(sum, 1) + f32x4.extract_lane(sum, 2) + f32x4.extract_lane(sum, 3)
    store<f32>(out + (i << 2), total)
  }
}

/** out[i] = a · b[ids[i]], for `count` ids (int32) of rows of b (…, size), and 0 where an id is less than 0. */
export function productsOf(a: usize, b: usize, size: usize, ids: usize, count: usize, out: usize): void {
  for (let i: usize = 0; i < count; i++) {
    const id = load<i32>(ids + (i << 2))
    if (id < 0) store<f32>(out + (i << 2), 0)
    else products(a, b + <usize>id * (size << 2), size, 1, size, out + (i << 2))
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

/** x[r, j] becomes errors[r] times weights[j] where it is positive and 0 elsewhere, for `rows` rows of x (rows, size). */
export function reluGradient(x: usize, rows: usize, size: usize, errors: usize, weights: usize): void {
  const zero = f32x4.splat(0)
  for (let r: usize = 0; r < rows; r++) {
    const error = v128.load32_splat(errors + (r << 2))
    for (let j: usize = 0; j < size << 2; j += 16) {
      const isActive = f32x4.gt(v128.load(x), zero)
      v128.store(x, v128.and(isActive, f32x4.mul(error, v128.load(weights + j))))
      x += 16
    }
  }
}

/**
 * out[r, j] = (x[r, j] - mean[j]) times scale[j] plus shift[j], for `rows` rows of x (rows, columns) and out (rows,
 * outStride). Columns need not be a multiple of 4, nor as many: what is read beyond them is of later rows, finite, and
 * where `scale` is 0 it counts as 0.
 */
export function centred(
  x: usize,
  columns: usize,
  rows: usize,
  mean: usize,
  scale: usize,
  shift: usize,
  out: usize,
  outStride: usize,
): void {
  for (let r: usize = 0; r < rows; r++) {
    const row = x + r * (columns << 2)
    for (let j: usize = 0; j < outStride << 2; j += 16) {
      const scaled = f32x4.mul(f32x4.sub(v128.load(row + j), v128.load(mean + j)), v128.load(scale + j))
      v128.store(out, f32x4.add(scaled, v128.load(shift + j)))
      out += 16
    }
  }
}

/** The same of finite numbers of 16 bits, around 0: out[r, j] = x[r, j] times scale[j] plus shift[j]. */
export function unpacked(
  x: usize,
  columns: usize,
  rows: usize,
  scale: usize,
  shift: usize,
  out: usize,
  outStride: usize,
): void {
  // Exponent and fraction, moved to where they are in 32 bits, make a number that is 2^-112 times as large.
  const rest = i32x4.splat(0x7fff)
  const larger = i32x4.splat((127 + 112) << 23)
  for (let r: usize = 0; r < rows; r++) {
    const row = x + r * (columns << 1)
    for (let j: usize = 0; j < outStride << 2; j += 16) {
      const bits = v128.load_ext<u16>(row + (j >> 1))
      const sign = i32x4.shl(v128.andnot(bits, rest), 16)
      const amount = f32x4.mul(i32x4.shl(v128.and(bits, rest), 13), larger)
      v128.store(out, f32x4.add(f32x4.mul(v128.or(sign, amount), v128.load(scale + j)), v128.load(shift + j)))
      out += 16
    }
  }
}

/**
 * Mean and variance of each column, as doubles, of x (rows, columns). Columns need not be a multiple of 4: what is read
 * and written beyond them means nothing.
 */
export function moments(x: usize, columns: usize, rows: usize, mean: usize, variance: usize): void {
  const bytes = columns << 2
  for (let j: usize = 0; j < columns; j += 4) {
    let from = x + (j << 2)
    // Sums are of deviations from the first row: what never differs has a variance of exactly 0.
    const first = v128.load(from)
    const low = f64x2.promote_low_f32x4(first)
    const high = f64x2.promote_low_f32x4(upper(first))
    let lowSum = f64x2.splat(0)
    let highSum = f64x2.splat(0)
    let lowSquares = f64x2.splat(0)
    let highSquares = f64x2.splat(0)
    for (let r: usize = 0; r < rows; r++) {
      const values = v128.load(from)
      const a = f64x2.sub(f64x2.promote_low_f32x4(values), low)
      const b = f64x2.sub(f64x2.promote_low_f32x4(upper(values)), high)
      lowSum = f64x2.add(lowSum, a)
      highSum = f64x2.add(highSum, b)
      lowSquares = f64x2.add(lowSquares, f64x2.mul(a, a))
      highSquares = f64x2.add(highSquares, f64x2.mul(b, b))
      from += bytes
    }
    const count = f64x2.splat(<f64>rows)
    lowSum = f64x2.div(lowSum, count)
    highSum = f64x2.div(highSum, count)
    v128.store(mean + (j << 3), f64x2.add(low, lowSum))
    v128.store(mean + (j << 3), f64x2.add(high, highSum), 16)
    v128.store(variance + (j << 3), f64x2.sub(f64x2.div(lowSquares, count), f64x2.mul(lowSum, lowSum)))
    v128.store(variance + (j << 3), f64x2.sub(f64x2.div(highSquares, count), f64x2.mul(highSum, highSum)), 16)
  }
}

/** The last two floats, in front. */
function upper(floats: v128): v128 {
  return i8x16.shuffle(floats, floats, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15)
}

/** How many of `count` doubles, an even number of them, are greater than one. */
export function greater(values: usize, count: usize, than: f64): usize {
  const least = f64x2.splat(than)
  let found = i64x2.splat(0)
  // A lane in which it is so is -1.
  for (let i: usize = 0; i < count << 3; i += 16) found = i64x2.sub(found, f64x2.gt(v128.load(values + i), least))
  return <usize>(i64x2.extract_lane(found, 0) + i64x2.extract_lane(found, 1))
}

/**
 * One head of causal attention: out[p] = the sum of values[t] over t up to p, weighted by the softmax of `sharpness` times
 * queries[p] · keys[t] plus bias[p, t], for positions p from `first` on, below `length`. Queries, keys and values (length,
 * stride), out (length, outStride), bias (length, biasStride), which is -Infinity from t = p + 1 to the end of a register;
 * `weights` is a place for one row of it.
 */
export function attend(
  queries: usize,
  keys: usize,
  values: usize,
  stride: usize,
  first: usize,
  length: usize,
  size: usize,
  sharpness: f32,
  bias: usize,
  biasStride: usize,
  weights: usize,
  out: usize,
  outStride: usize,
): void {
  const sharp = f32x4.splat(sharpness)
  for (let p = first; p < length; p++) {
    const row = bias + p * (biasStride << 2)
    const bytes = (p + 1) << 2
    products(queries + p * (stride << 2), keys, stride, p + 1, size, weights)
    let greatest = f32x4.splat(-Infinity)
    for (let t: usize = 0; t < bytes; t += 16) {
      const logit = f32x4.add(f32x4.mul(v128.load(weights + t), sharp), v128.load(row + t))
      v128.store(weights + t, logit)
      greatest = f32x4.max(greatest, logit)
    }
    const most = f32x4.splat(
      max(
        max(f32x4.extract_lane(greatest, 0), f32x4.extract_lane(greatest, 1)),
        max(f32x4.extract_lane(greatest, 2), f32x4.extract_lane(greatest, 3)),
      ),
    )
    let powers = f32x4.splat(0)
    for (let t: usize = 0; t < bytes; t += 16) {
      const power = exponential(f32x4.sub(v128.load(weights + t), most))
      v128.store(weights + t, power)
      powers = f32x4.add(powers, power)
    }
    const total =
      f32x4.extract_lane(powers, 0) +
      f32x4.extract_lane(powers, 1) +
      f32x4.extract_lane(powers, 2) +
      f32x4.extract_lane(powers, 3)
    const share = f32x4.splat(1 / total)
    for (let t: usize = 0; t < bytes; t += 16) v128.store(weights + t, f32x4.mul(v128.load(weights + t), share))
    mixture(weights, values, stride, p + 1, size, out + p * (outStride << 2))
  }
}

/** e^x for x up to 0, to the last bit or two; nothing below -87. Cephes' expf: 2^n times a polynomial of what is left. */
function exponential(x: v128): v128 {
  const least = f32x4.splat(-87)
  const isSomething = f32x4.ge(x, least)
  const clamped = f32x4.max(x, least)
  const n = f32x4.nearest(f32x4.mul(clamped, f32x4.splat(<f32>Math.LOG2E)))
  // ln 2 in two parts, the first of few bits: its product with n is exact.
  let rest = f32x4.sub(clamped, f32x4.mul(n, f32x4.splat(0.693359375)))
  rest = f32x4.sub(rest, f32x4.mul(n, f32x4.splat(-2.1219444e-4)))
  let sum = f32x4.splat(1.98756915e-4)
  sum = f32x4.add(f32x4.mul(sum, rest), f32x4.splat(1.3981999507e-3))
  sum = f32x4.add(f32x4.mul(sum, rest), f32x4.splat(8.3334519073e-3))
  sum = f32x4.add(f32x4.mul(sum, rest), f32x4.splat(4.1665795894e-2))
  sum = f32x4.add(f32x4.mul(sum, rest), f32x4.splat(1.6666665459e-1))
  sum = f32x4.add(f32x4.mul(sum, rest), f32x4.splat(5.0000001201e-1))
  sum = f32x4.add(f32x4.add(f32x4.mul(sum, f32x4.mul(rest, rest)), rest), f32x4.splat(1))
  const power = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(127)), 23)
  return v128.and(isSomething, f32x4.mul(sum, power))
}

/**
 * out[r] = log(scores[r] / best + floor), for `rows` doubles, which are read in fours, and floats `outStride` apart; a score
 * that is not above 0 counts as 0, and log(floor) is given, so that nothing is always the same.
 */
export function logRelative(
  scores: usize,
  rows: usize,
  best: f64,
  floor: f32,
  logFloor: f32,
  out: usize,
  outStride: usize,
): void {
  const factor = f64x2.splat(1 / best)
  const least = f32x4.splat(floor)
  const nothing = f32x4.splat(logFloor)
  const zero = f32x4.splat(0)
  const step = outStride << 2
  for (let r: usize = 0; r < rows; r += 4) {
    const low = f32x4.demote_f64x2_zero(f64x2.mul(v128.load(scores), factor))
    const high = f32x4.demote_f64x2_zero(f64x2.mul(v128.load(scores, 16), factor))
    const relative = v128.shuffle<f32>(low, high, 0, 1, 4, 5)
    const logs = v128.bitselect(logarithm(f32x4.add(relative, least)), nothing, f32x4.gt(relative, zero))
    store<f32>(out, f32x4.extract_lane(logs, 0))
    if (r + 1 < rows) store<f32>(out + step, f32x4.extract_lane(logs, 1))
    if (r + 2 < rows) store<f32>(out + 2 * step, f32x4.extract_lane(logs, 2))
    if (r + 3 < rows) store<f32>(out + 3 * step, f32x4.extract_lane(logs, 3))
    scores += 32
    out += 4 * step
  }
}

/** The natural logarithm of normal numbers above 0, to the last bit or two: Cephes' logf. */
function logarithm(x: v128): v128 {
  // x = 2^n times m, m from 1/2 to 1, then from √1/2 to √2 around 1.
  const exponent = i32x4.sub(i32x4.shr_u(x, 23), i32x4.splat(126))
  const half = v128.or(v128.and(x, i32x4.splat(0x007fffff)), i32x4.splat(0x3f000000))
  const isLow = f32x4.lt(half, f32x4.splat(<f32>Math.SQRT1_2))
  const n = f32x4.add(f32x4.convert_i32x4_s(exponent), v128.and(isLow, f32x4.splat(-1)))
  const m = f32x4.sub(f32x4.add(half, v128.and(isLow, half)), f32x4.splat(1))
  const square = f32x4.mul(m, m)
  let sum = f32x4.splat(7.0376836292e-2)
  sum = f32x4.add(f32x4.mul(sum, m), f32x4.splat(-1.151461031e-1))
  sum = f32x4.add(f32x4.mul(sum, m), f32x4.splat(1.167699874e-1))
  sum = f32x4.add(f32x4.mul(sum, m), f32x4.splat(-1.2420140846e-1))
  sum = f32x4.add(f32x4.mul(sum, m), f32x4.splat(1.4249322787e-1))
  sum = f32x4.add(f32x4.mul(sum, m), f32x4.splat(-1.6668057665e-1))
  sum = f32x4.add(f32x4.mul(sum, m), f32x4.splat(2.0000714765e-1))
  sum = f32x4.add(f32x4.mul(sum, m), f32x4.splat(-2.4999993993e-1))
  sum = f32x4.add(f32x4.mul(sum, m), f32x4.splat(3.3333331174e-1))
  sum = f32x4.mul(sum, f32x4.mul(m, square))
  sum = f32x4.add(sum, f32x4.mul(n, f32x4.splat(-2.1219444e-4)))
  sum = f32x4.add(sum, f32x4.mul(square, f32x4.splat(-0.5)))
  return f32x4.add(f32x4.add(m, sum), f32x4.mul(n, f32x4.splat(0.693359375)))
}
