import { CONTEXT, FEATURE, HEADS } from '../kernels/din-weights.ts'
import type { Tensor, Tensors } from '../models/tensors.ts'
import type { Scaling } from './din-batches.ts'

const BY_FEATURE = ['layer.features', 'heads.features', 'layer.context', 'heads.context']

/**
 * A trained network as a release holds it: what belongs to a feature in one tensor under its name, with what scales it, so
 * that a release can be read where other features are there.
 */
export function encodeDin(
  parameters: Tensors,
  { scale, contextMean, contextScale }: Scaling,
  names: readonly string[],
  contextNames: readonly string[],
): Tensors {
  const of = (name: string) => parameters.get(name)!.data
  const tensors = new Map<string, Tensor>([...parameters].filter(([name]) => !BY_FEATURE.includes(name)))
  const layer = of('layer.bias').length
  const weightsOf = (group: string, row: number) => [
    ...of(`layer.${group}`).subarray(row * layer, (row + 1) * layer),
    ...of(`heads.${group}`).subarray(row * HEADS, (row + 1) * HEADS),
  ]
  const put = (name: string, ...values: number[]) => {
    tensors.set(name, { shape: [values.length], data: Float32Array.from(values) })
  }
  names.forEach((name, i) => {
    put(FEATURE + name, scale[i]!, ...weightsOf('features', i))
  })
  contextNames.forEach((name, i) => {
    put(CONTEXT + name, contextMean[i]!, contextScale[i]!, ...weightsOf('context', i))
  })
  return tensors
}

/**
 * The parameters of an earlier release to go on from, for these features and what scales them now: what a feature weighs stays
 * as it was, and one that the release was not trained with begins with nothing.
 */
export function decodeDin(
  tensors: Tensors,
  { scale, contextScale }: Scaling,
  names: readonly string[],
  contextNames: readonly string[],
): Tensors {
  const parameters = new Map([...tensors].filter(([name]) => !name.startsWith(FEATURE) && !name.startsWith(CONTEXT)))
  const layer = tensors.get('layer.bias')!.data.length
  const put = (group: string, prefix: string, scalings: number, scales: Float32Array, of: readonly string[]) => {
    const toLayer = new Float32Array(of.length * layer)
    const toHeads = new Float32Array(of.length * HEADS)
    of.forEach((name, row) => {
      const data = tensors.get(prefix + name)?.data
      if (!data || !(scales[row]! > 0)) return
      const weights = data.subarray(scalings).map((weight) => (weight * data[scalings - 1]!) / scales[row]!)
      toLayer.set(weights.subarray(0, layer), row * layer)
      toHeads.set(weights.subarray(layer), row * HEADS)
    })
    parameters.set(`layer.${group}`, { shape: [of.length, layer], data: toLayer })
    parameters.set(`heads.${group}`, { shape: [of.length, HEADS], data: toHeads })
  }
  put('features', FEATURE, 1, scale, names)
  put('context', CONTEXT, 2, contextScale, contextNames)
  return parameters
}
