import type { Tensors } from '../models/tensors.ts'
import { tensorOf } from './tensor-of.ts'

/** What is answered of a candidate: the logit of engagement, and that of satisfaction. */
export const HEADS = 2

/** Beyond so many standard deviations a context feature says no more: what was never met in training misleads. */
export const MOST_DEVIATION = 4

/** What the activation unit sees of a pair: both embeddings, and their product. */
export interface ActivationUnit {
  /** D: of the embeddings. */
  readonly width: number
  /** K: hidden units. */
  readonly unit: number
  /** (items, D) */
  readonly embedding: Float32Array
  /** (K, D), (K, D), (D, K), (K), (K), (K), (1) */
  readonly product: Float32Array
  readonly target: Float32Array
  readonly history: Float32Array
  readonly bias: Float32Array
  readonly slope: Float32Array
  readonly out: Float32Array
  readonly outBias: number
}

/** @throws CORRUPT where a tensor is missing */
export function readActivationUnit(tensors: Tensors): ActivationUnit {
  const of = (name: string) => tensorOf(tensors, name).data
  return {
    width: tensorOf(tensors, 'embedding').shape[1]!,
    unit: of('unit.bias').length,
    embedding: of('embedding'),
    product: of('unit.product'),
    target: of('unit.target'),
    history: of('unit.history'),
    bias: of('unit.bias'),
    slope: of('unit.slope'),
    out: of('unit.out'),
    outBias: of('unit.out.bias')[0]!,
  }
}

/**
 * The parameters of a Deep Interest Network (src/training/din-model.ts) as a forward pass wants them: those of the features
 * put together for the features that are there, what scales them folded in.
 */
export interface DinWeights extends ActivationUnit {
  /** L: hidden units that the heads share. */
  readonly layer: number
  /** What an entry matters, by its kind, bucket of its value, bucket of its age, and position. */
  readonly factors: {
    readonly kind: Float32Array
    readonly value: Float32Array
    readonly age: Float32Array
    readonly position: Float32Array
  }
  /** D + 1 of the interest, D of the target, D of their product, then the features: (inputs, L) and (inputs, HEADS). */
  readonly inputs: number
  readonly toLayer: Float32Array
  readonly toHeads: Float32Array
  /** (contexts, L), (contexts, HEADS), and what brings a context feature to one scale. */
  readonly contextMean: Float32Array
  readonly contextScale: Float32Array
  readonly contextToLayer: Float32Array
  readonly contextToHeads: Float32Array
  /** (L), (L), (L, HEADS), (HEADS) */
  readonly layerBias: Float32Array
  readonly layerSlope: Float32Array
  readonly layerToHeads: Float32Array
  readonly headsBias: Float32Array
}

/** Prefixes of the tensors of a feature: [scale, weights] and [mean, scale, weights]. */
export const FEATURE = 'feature/'
export const CONTEXT = 'context/'

/**
 * A feature that the network was not trained with has no say.
 *
 * @throws CORRUPT where a tensor is missing
 */
export function readDin(tensors: Tensors, names: readonly string[], contextNames: readonly string[]): DinWeights {
  const of = (name: string) => tensorOf(tensors, name).data
  const activation = readActivationUnit(tensors)
  const { width } = activation
  const layer = of('layer.bias').length
  const inputs = 3 * width + 1 + names.length
  const toLayer = new Float32Array(inputs * layer)
  const toHeads = new Float32Array(inputs * HEADS)
  const parts = [of('layer.interest'), of('layer.target'), of('layer.product')]
  let at = 0
  for (const part of parts) {
    toLayer.set(part, at)
    at += part.length
  }
  toHeads.set(of('heads.interest'))
  names.forEach((name, feature) => {
    const data = tensors.get(FEATURE + name)?.data
    if (!data) return
    const weights = data.subarray(1).map((weight) => weight * data[0]!)
    const row = 3 * width + 1 + feature
    toLayer.set(weights.subarray(0, layer), row * layer)
    toHeads.set(weights.subarray(layer), row * HEADS)
  })
  const contextMean = new Float32Array(contextNames.length)
  const contextScale = new Float32Array(contextNames.length)
  const contextToLayer = new Float32Array(contextNames.length * layer)
  const contextToHeads = new Float32Array(contextNames.length * HEADS)
  contextNames.forEach((name, context) => {
    const data = tensors.get(CONTEXT + name)?.data
    if (!data) return
    contextMean[context] = data[0]!
    contextScale[context] = data[1]!
    contextToLayer.set(data.subarray(2, 2 + layer), context * layer)
    contextToHeads.set(data.subarray(2 + layer), context * HEADS)
  })
  return {
    ...activation,
    layer,
    factors: {
      kind: of('factor.kind'),
      value: of('factor.value'),
      age: of('factor.age'),
      position: of('factor.position'),
    },
    inputs,
    toLayer,
    toHeads,
    contextMean,
    contextScale,
    contextToLayer,
    contextToHeads,
    layerBias: of('layer.bias'),
    layerSlope: of('layer.slope'),
    layerToHeads: of('heads.layer'),
    headsBias: of('heads.bias'),
  }
}
