import type { FeatureTable } from './features.ts'
import { HIDDEN, type RankerParameters } from './ranker-parameters.ts'

/** Beyond so many standard deviations a context feature says no more: what was never met in training misleads. */
const MOST_DEVIATION = 4

/**
 * The forward pass: a logit for each candidate.
 * @param into by row of the table
 */
export function rankCandidates(parameters: RankerParameters, table: FeatureTable, into: Float64Array): void {
  const network = forList(parameters, table)
  const features = parameters.scale.length
  for (let row = 0; row < table.candidates.length; row++) into[row] = logitOf(network, table.items, row * features)
}

/**
 * What each feature of one candidate adds to its logit, against the mean of the list in its place: the features that
 * speak most for it, or against it. They do not add up where features act together.
 */
export function contributions(parameters: RankerParameters, table: FeatureTable, row: number): Float64Array {
  const network = forList(parameters, table)
  const features = parameters.scale.length
  const values = table.items.slice(row * features, (row + 1) * features)
  const whole = logitOf(network, values, 0)
  return network.means.map((mean, f) => {
    const held = values[f]!
    values[f] = mean
    const without = logitOf(network, values, 0)
    values[f] = held
    return whole - without
  })
}

/** The network for one list: context, centring and scaling folded into its weights. */
interface ListNetwork {
  readonly means: Float64Array
  readonly constant: number
  readonly linear: Float64Array
  readonly base: Float64Array
  /** (features, HIDDEN). */
  readonly hidden: Float64Array
  readonly output: Float64Array
}

function forList(parameters: RankerParameters, table: FeatureTable): ListNetwork {
  const { scale, output } = parameters
  const means = columnMeans(table.items, table.candidates.length, scale.length)
  const context = table.context.map((_, c) => standardised(parameters, table.context, c))
  const base = contextLayer(parameters, context)
  const linear = parameters.linear.map((weight, f) => weight * scale[f]!)
  const hidden = parameters.hidden.map((weight, i) => weight * scale[Math.floor(i / HIDDEN)]!)
  let constant = 0
  for (let f = 0; f < means.length; f++) {
    constant -= means[f]! * linear[f]!
    for (let h = 0; h < HIDDEN; h++) base[h]! -= means[f]! * hidden[f * HIDDEN + h]!
  }
  return { means, constant, linear, base, hidden, output }
}

const layer = new Float64Array(HIDDEN)

function logitOf({ constant, linear, base, hidden, output }: ListNetwork, values: Float32Array, start: number): number {
  layer.set(base)
  let logit = constant
  for (let f = 0; f < linear.length; f++) {
    const value = values[start + f]!
    logit += value * linear[f]!
    const weights = f * HIDDEN
    for (let h = 0; h < HIDDEN; h++) layer[h]! += value * hidden[weights + h]!
  }
  for (let h = 0; h < HIDDEN; h++) if (layer[h]! > 0) logit += layer[h]! * output[h]!
  return logit
}

export function columnMeans(items: Float32Array, count: number, features: number): Float64Array {
  const means = new Float64Array(features)
  for (let i = 0; i < count * features; i += features) for (let f = 0; f < features; f++) means[f]! += items[i + f]!
  for (let f = 0; f < features; f++) means[f]! /= Math.max(1, count)
  return means
}

/** What the context alone gives the hidden units. @param context standardised */
export function contextLayer(parameters: RankerParameters, context: Float32Array): Float64Array {
  const layer = parameters.bias.slice()
  for (let c = 0; c < context.length; c++) {
    for (let h = 0; h < HIDDEN; h++) layer[h]! += context[c]! * parameters.contextHidden[c * HIDDEN + h]!
  }
  return layer
}

export function standardised({ contextMean, contextScale }: RankerParameters, context: Float32Array, c: number) {
  const value = (context[c]! - contextMean[c]!) * contextScale[c]!
  return Math.max(-MOST_DEVIATION, Math.min(MOST_DEVIATION, value))
}
