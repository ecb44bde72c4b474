import { type BlendWeights, blendWeightsIn, putBlendWeights } from '../models/blend-weights.ts'
import type { Tensor, Tensors } from '../models/tensors.ts'
import type { Random } from '../random.ts'
import { SOURCES } from '../retrieval/retriever.ts'

/** Hidden units. */
export const HIDDEN = 32
/** Cross layers, and what their matrices are squeezed through. */
export const CROSSES = 2
export const RANK = 8
/** Numbers of an input in all cross layers: of each, its row into the squeeze and its column out of it. */
export const CROSS = 2 * CROSSES * RANK

/**
 * A ranker's parameters. The inputs of a candidate are its features, centred within each list of candidates and scaled, and
 * the context of the request. Its logit is linear in its features, plus a hidden layer (ReLU) over the inputs, plus what
 * cross layers of low rank make of them: Wang et al., "DCN V2", WWW 2021.
 */
export interface RankerParameters {
  readonly names: readonly string[]
  readonly contextNames: readonly string[]
  /** By feature: 1 / standard deviation within lists. */
  readonly scale: Float64Array
  /** By context feature: mean, and 1 / standard deviation. */
  readonly contextMean: Float64Array
  readonly contextScale: Float64Array
  /** By feature. */
  readonly linear: Float64Array
  /** (inputs, HIDDEN). */
  readonly hidden: Float64Array
  readonly bias: Float64Array
  readonly output: Float64Array
  /** (inputs, CROSS): of each cross layer RANK columns in, then RANK columns out. */
  readonly cross: Float64Array
  /** By input: what the last cross layer weighs. */
  readonly crossed: Float64Array
  /** By feature: what the candidate source of that name weighs in the blend; NaN where there is none that learns. */
  readonly blend: Float64Array
}

const ITEM = 'item/'
const CONTEXT = 'context/'
const LAYER = 'hidden'
/** Cross layers begin with little to say to each other. */
const CROSS_GAIN = 0.5

/** Of a source that claims its items for itself nothing is learned: what hardly anyone was shown, hardly anyone took. */
const STARTING_WEIGHTS = new Map(SOURCES.filter(({ claims }) => !claims).map(({ name, weight }) => [name, weight]))

/** What orders by the blend's score alone, ready to learn. */
export function initialParameters(
  names: readonly string[],
  contextNames: readonly string[],
  random: Random,
): RankerParameters {
  const parameters = zeroParameters(names, contextNames)
  const { scale, contextScale, linear, hidden, cross, blend } = parameters
  const inputs = names.length + contextNames.length
  const drawn = (fanIn: number) => (2 * random.uniform() - 1) / Math.sqrt(fanIn)
  scale.fill(1)
  contextScale.fill(1)
  linear[names.indexOf('blend')] = 1
  for (let i = 0; i < hidden.length; i++)
    hidden[i] = drawn(i < names.length * HIDDEN ? names.length : contextNames.length)
  for (let i = 0; i < cross.length; i++) cross[i] = CROSS_GAIN * drawn(i % (2 * RANK) < RANK ? inputs : RANK)
  blend.set(blendOf(names))
  return parameters
}

/** By feature: what has been learned that the source of that name weighs, else its weight of before. */
function blendOf(names: readonly string[], learned?: BlendWeights): number[] {
  return names.map((name) => learned?.get(name) ?? STARTING_WEIGHTS.get(name) ?? Number.NaN)
}

/** What sources weigh, by name, as far as that is learned. */
export function blendWeights({ names, blend }: RankerParameters): BlendWeights {
  return new Map(names.map((name, i) => [name, blend[i]!] as const).filter(([, weight]) => !Number.isNaN(weight)))
}

export function zeroParameters(names: readonly string[], contextNames: readonly string[]): RankerParameters {
  const inputs = names.length + contextNames.length
  return {
    names,
    contextNames,
    scale: new Float64Array(names.length),
    contextMean: new Float64Array(contextNames.length),
    contextScale: new Float64Array(contextNames.length),
    linear: new Float64Array(names.length),
    hidden: new Float64Array(inputs * HIDDEN),
    bias: new Float64Array(HIDDEN),
    output: new Float64Array(HIDDEN),
    cross: new Float64Array(inputs * CROSS),
    crossed: new Float64Array(inputs),
    blend: new Float64Array(names.length).fill(Number.NaN),
  }
}

const INPUT_SIZE = 2 + HIDDEN + CROSS + 1

/** One tensor an input, by its name: [scale, linear weight] or [mean, scale], then [hidden weights, cross weights, crossed]. */
export function encodeParameters(parameters: RankerParameters): Tensors {
  const { names, contextNames, scale, linear, hidden, contextMean, contextScale, cross, crossed } = parameters
  const tensors = new Map<string, Tensor>()
  const put = (name: string, first: number, second: number, input: number) => {
    const data = Float32Array.of(
      first,
      second,
      ...hidden.subarray(input * HIDDEN, (input + 1) * HIDDEN),
      ...cross.subarray(input * CROSS, (input + 1) * CROSS),
      crossed[input]!,
    )
    tensors.set(name, { shape: [data.length], data })
  }
  names.forEach((name, i) => {
    put(ITEM + name, scale[i]!, linear[i]!, i)
  })
  contextNames.forEach((name, i) => {
    put(CONTEXT + name, contextMean[i]!, contextScale[i]!, names.length + i)
  })
  tensors.set(LAYER, { shape: [2, HIDDEN], data: Float32Array.of(...parameters.bias, ...parameters.output) })
  putBlendWeights(blendWeights(parameters), tensors)
  return tensors
}

/** A released ranker for these features: one that it was not trained with has no say. */
export function decodeParameters(
  tensors: Tensors,
  names: readonly string[],
  contextNames: readonly string[],
): RankerParameters {
  const parameters = zeroParameters(names, contextNames)
  const { scale, linear, hidden, contextMean, contextScale, cross, crossed, blend } = parameters
  const take = (name: string, first: Float64Array, second: Float64Array, i: number, input: number) => {
    const data = tensors.get(name)?.data
    if (!data) return
    first[i] = data[0]!
    second[i] = data[1]!
    hidden.set(data.subarray(2, 2 + HIDDEN), input * HIDDEN)
    cross.set(data.subarray(2 + HIDDEN, 2 + HIDDEN + CROSS), input * CROSS)
    crossed[input] = data[2 + HIDDEN + CROSS] ?? 0
  }
  names.forEach((name, i) => {
    take(ITEM + name, scale, linear, i, i)
  })
  contextNames.forEach((name, i) => {
    take(CONTEXT + name, contextMean, contextScale, i, names.length + i)
  })
  const layer = tensors.get(LAYER)?.data ?? new Float32Array(2 * HIDDEN)
  parameters.bias.set(layer.subarray(0, HIDDEN))
  parameters.output.set(layer.subarray(HIDDEN))
  blend.set(blendOf(names, blendWeightsIn(tensors)))
  return parameters
}

/** What learning goes on from; undefined where there is nothing, or of another shape: it would begin anew. */
export function decodeStart(
  tensors: Tensors,
  names: readonly string[],
  contextNames: readonly string[],
): RankerParameters | undefined {
  const isOfThisShape = tensors.get(`${ITEM}blend`)?.data.length === INPUT_SIZE
  return isOfThisShape ? decodeParameters(tensors, names, contextNames) : undefined
}
