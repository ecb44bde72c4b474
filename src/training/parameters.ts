import * as tf from '@tensorflow/tfjs-core'
import type { Tensor, Tensors } from '../models/tensors.ts'
import type { Random } from '../random.ts'

/** A model's variables by name: made anew, or from an earlier release. */
export type Parameters = ReadonlyMap<string, tf.Variable>

export interface Initial {
  readonly shape: readonly number[]
  /** Deviation of normal numbers around `mean`. */
  readonly deviation: number
  readonly mean?: number
  /** Whether it has a row for every item of the vocabulary. */
  readonly perItem?: true
  /** Begins with these numbers; what is 0 among them is drawn all the same. */
  readonly start?: Float32Array
}

/** Where the parameters of an earlier release go on: those whose shape is still the same, item rows by item. */
export interface Previous {
  readonly tensors: Tensors
  readonly itemIds: readonly string[]
}

let models = 0

export function makeParameters(
  initials: Readonly<Record<string, Initial>>,
  random: Random,
  itemIds: readonly string[],
  previous?: Previous,
): Parameters {
  // Names are unique in the whole process.
  const model = ++models
  return new Map(
    Object.entries(initials).map(([name, initial]) => {
      const { shape, deviation, mean = 0 } = initial
      const length = shape.reduce((product, size) => product * size, 1)
      const data = Float32Array.from({ length }, () => mean + (deviation > 0 ? deviation * random.normal() : 0))
      if (initial.start) for (let i = 0; i < length; i++) data[i] = initial.start[i]! || data[i]!
      const tensor = previous?.tensors.get(name)
      if (tensor && initial.perItem) carryRowsOver(data, itemIds, tensor, previous!.itemIds)
      else if (tensor && isSameShape(tensor.shape, shape)) data.set(tensor.data)
      return [name, tf.variable(tf.tensor(data, [...shape]), true, `${model}/${name}`)]
    }),
  )
}

function carryRowsOver(data: Float32Array, itemIds: readonly string[], from: Tensor, fromIds: readonly string[]): void {
  const width = data.length / itemIds.length
  if (from.data.length !== fromIds.length * width) return
  const rows = new Map(fromIds.map((itemId, row) => [itemId, row]))
  itemIds.forEach((itemId, row) => {
    const before = rows.get(itemId)
    if (before !== undefined) data.set(from.data.subarray(before * width, (before + 1) * width), row * width)
  })
}

function isSameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis])
}

export function readParameters(parameters: Parameters): Tensors {
  return new Map(
    [...parameters].map(([name, variable]) => [
      name,
      { shape: variable.shape, data: new Float32Array(variable.dataSync()) },
    ]),
  )
}

export function disposeParameters(parameters: Parameters): void {
  for (const variable of parameters.values()) variable.dispose()
}
