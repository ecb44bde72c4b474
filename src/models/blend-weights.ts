import type { Tensor, Tensors } from './tensors.ts'

/** What candidate sources weigh in the blend, by name; one that is missing has its weight of before anything was learned. */
export type BlendWeights = ReadonlyMap<string, number>

const SOURCE = 'source/'
const IN_RANKER = new RegExp(`^(?:[^/]+/)?${SOURCE}(.+)$`)

/** Puts the weights beside the tensors of the ranker that they were learned with. */
export function putBlendWeights(weights: BlendWeights, into: Map<string, Tensor>): void {
  for (const [name, weight] of weights) into.set(SOURCE + name, { shape: [1], data: Float32Array.of(weight) })
}

/** As `putBlendWeights` put them, into a ranker or into the network that one stands on; empty where there are none. */
export function blendWeightsIn(tensors: Tensors): BlendWeights {
  const weights = new Map<string, number>()
  for (const [name, { data }] of tensors) {
    const [, source] = IN_RANKER.exec(name) ?? []
    if (source !== undefined) weights.set(source, data[0]!)
  }
  return weights
}
