import type { Tensor, Tensors } from '../models/tensors.ts'
import type { Random } from '../random.ts'

/** Hidden units. */
export const HIDDEN = 32

/**
 * A ranker's parameters: a candidate's logit is linear in its features plus a hidden layer (ReLU) over the features and
 * the context of the request. Features are centred within each list of candidates and scaled.
 */
export interface RankerParameters {
  readonly names: readonly string[]
  readonly contextNames: readonly string[]
  /** By feature: 1 / standard deviation within lists. */
  readonly scale: Float64Array
  /** By feature. */
  readonly linear: Float64Array
  /** (features, HIDDEN). */
  readonly hidden: Float64Array
  /** By context feature: mean, and 1 / standard deviation. */
  readonly contextMean: Float64Array
  readonly contextScale: Float64Array
  /** (context features, HIDDEN). */
  readonly contextHidden: Float64Array
  readonly bias: Float64Array
  readonly output: Float64Array
}

const ITEM = 'item/'
const CONTEXT = 'context/'
const LAYER = 'hidden'

/** What orders by the blend's score alone, ready to learn. */
export function initialParameters(
  names: readonly string[],
  contextNames: readonly string[],
  random: Random,
): RankerParameters {
  const parameters = zeroParameters(names, contextNames)
  parameters.scale.fill(1)
  parameters.contextScale.fill(1)
  parameters.linear[names.indexOf('blend')] = 1
  const spread = (weights: Float64Array, inputs: number) => {
    for (let i = 0; i < weights.length; i++) weights[i] = (2 * random.uniform() - 1) / Math.sqrt(inputs)
  }
  spread(parameters.hidden, names.length)
  spread(parameters.contextHidden, contextNames.length)
  return parameters
}

export function zeroParameters(names: readonly string[], contextNames: readonly string[]): RankerParameters {
  return {
    names,
    contextNames,
    scale: new Float64Array(names.length),
    linear: new Float64Array(names.length),
    hidden: new Float64Array(names.length * HIDDEN),
    contextMean: new Float64Array(contextNames.length),
    contextScale: new Float64Array(contextNames.length),
    contextHidden: new Float64Array(contextNames.length * HIDDEN),
    bias: new Float64Array(HIDDEN),
    output: new Float64Array(HIDDEN),
  }
}

/** One tensor a feature, by its name: [scale, linear weight, hidden weights] or [mean, scale, hidden weights]. */
export function encodeParameters(parameters: RankerParameters): Tensors {
  const { names, contextNames, scale, linear, hidden, contextMean, contextScale, contextHidden } = parameters
  const tensors = new Map<string, Tensor>()
  const put = (name: string, first: number, second: number, weights: Float64Array) => {
    tensors.set(name, { shape: [2 + HIDDEN], data: Float32Array.of(first, second, ...weights) })
  }
  names.forEach((name, i) => {
    put(ITEM + name, scale[i]!, linear[i]!, hidden.subarray(i * HIDDEN, (i + 1) * HIDDEN))
  })
  contextNames.forEach((name, i) => {
    put(CONTEXT + name, contextMean[i]!, contextScale[i]!, contextHidden.subarray(i * HIDDEN, (i + 1) * HIDDEN))
  })
  tensors.set(LAYER, { shape: [2, HIDDEN], data: Float32Array.of(...parameters.bias, ...parameters.output) })
  return tensors
}

/** A released ranker for these features: one that it was not trained with has no say. */
export function decodeParameters(
  tensors: Tensors,
  names: readonly string[],
  contextNames: readonly string[],
): RankerParameters {
  const parameters = zeroParameters(names, contextNames)
  const take = (name: string, first: Float64Array, second: Float64Array, weights: Float64Array, i: number) => {
    const data = tensors.get(name)?.data
    if (!data) return
    first[i] = data[0]!
    second[i] = data[1]!
    weights.set(data.subarray(2), i * HIDDEN)
  }
  const { scale, linear, hidden, contextMean, contextScale, contextHidden } = parameters
  names.forEach((name, i) => {
    take(ITEM + name, scale, linear, hidden, i)
  })
  contextNames.forEach((name, i) => {
    take(CONTEXT + name, contextMean, contextScale, contextHidden, i)
  })
  const layer = tensors.get(LAYER)?.data ?? new Float32Array(2 * HIDDEN)
  parameters.bias.set(layer.subarray(0, HIDDEN))
  parameters.output.set(layer.subarray(HIDDEN))
  return parameters
}
