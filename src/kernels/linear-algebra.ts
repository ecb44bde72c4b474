import { LINEAR_ALGEBRA_WASM } from './linear-algebra-wasm.ts'

/** See assembly/linear-algebra.ts: arrays are given by their addresses. */
interface Exports {
  linear(
    x: number,
    xStride: number,
    rows: number,
    inputs: number,
    w: number,
    wStride: number,
    outputs: number,
    bias: number,
    out: number,
    outStride: number,
  ): void
  products(a: number, b: number, stride: number, count: number, size: number, out: number): void
  productsOf(a: number, b: number, size: number, ids: number, count: number, out: number): void
  mixture(weights: number, b: number, stride: number, count: number, size: number, out: number): void
  parametricRelu(x: number, rows: number, size: number, slope: number): void
  addLinear(
    x: number,
    xStride: number,
    rows: number,
    inputs: number,
    w: number,
    wStride: number,
    outputs: number,
    sum: number,
    sumStride: number,
  ): void
  outer(
    x: number,
    xStride: number,
    rows: number,
    inputs: number,
    y: number,
    yStride: number,
    outputs: number,
    out: number,
    outStride: number,
  ): void
  addOuter(
    x: number,
    xStride: number,
    rows: number,
    inputs: number,
    y: number,
    yStride: number,
    outputs: number,
    sum: number,
    sumStride: number,
  ): void
  multiplyAdd(a: number, b: number, start: number, size: number, out: number): void
  reluGradient(x: number, rows: number, size: number, errors: number, weights: number): void
  centred(
    x: number,
    columns: number,
    rows: number,
    mean: number,
    scale: number,
    shift: number,
    out: number,
    outStride: number,
  ): void
  attend(
    queries: number,
    keys: number,
    values: number,
    stride: number,
    first: number,
    length: number,
    size: number,
    sharpness: number,
    bias: number,
    biasStride: number,
    weights: number,
    out: number,
    outStride: number,
  ): void
  logRelative(
    scores: number,
    rows: number,
    best: number,
    floor: number,
    logFloor: number,
    out: number,
    outStride: number,
  ): void
  greater(values: number, count: number, than: number): number
  moments(x: number, columns: number, rows: number, mean: number, variance: number): void
  unpacked(x: number, columns: number, rows: number, scale: number, shift: number, out: number, outStride: number): void
}

/** As much of it as is used here: Node's types leave it to those of browsers. */
declare const WebAssembly: {
  readonly Memory: new (size: { readonly initial: number }) => { readonly buffer: ArrayBuffer }
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown }
}

/** A SIMD register holds so many floats: the columns of what is computed in them are filled up. */
export const LANES = 4

export const padded = (columns: number): number => LANES * Math.ceil(columns / LANES)

const PAGE_BYTES = 65_536
const ALIGNMENT_BYTES = 16
/** Address 0 stands for no array. */
const FIRST_ADDRESS = ALIGNMENT_BYTES

let compiled: object | undefined

/** Linear algebra on arrays in a memory of its own, in WebAssembly with SIMD. */
export class LinearAlgebra {
  readonly #memory: { readonly buffer: ArrayBuffer }
  #end = FIRST_ADDRESS
  readonly run: Exports

  /** @param floats to be given out, at most, in how many arrays */
  constructor(floats: number, arrays: number) {
    const bytes = FIRST_ADDRESS + 4 * floats + ALIGNMENT_BYTES * arrays
    this.#memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / PAGE_BYTES) })
    compiled ??= new WebAssembly.Module(Buffer.from(LINEAR_ALGEBRA_WASM, 'base64'))
    const instance = new WebAssembly.Instance(compiled, { env: { memory: this.#memory } })
    this.run = instance.exports as Exports
  }

  /** An array of zeros, or a copy of `values`; its address is its byteOffset. */
  array(values: number | Float32Array): Float32Array {
    const length = typeof values === 'number' ? values : values.length
    const array = new Float32Array(this.#memory.buffer, this.#end, length)
    if (typeof values !== 'number') array.set(values)
    this.#end = ALIGNMENT_BYTES * Math.ceil((this.#end + array.byteLength) / ALIGNMENT_BYTES)
    return array
  }
}
