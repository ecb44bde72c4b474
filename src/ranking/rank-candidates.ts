import { columnMoments } from '../kernels/column-moments.ts'
import type { FeatureTable } from './features.ts'
import { RankerNetwork, TRAINED } from './ranker-network.ts'
import type { RankerParameters } from './ranker-parameters.ts'

/** Beyond so many standard deviations a context feature says no more: what was never met in training misleads. */
const MOST_DEVIATION = 2
/** Rows that there is room for at least. */
const ROOM = 512

/**
 * The forward pass: a logit for each candidate.
 * @param into by row of the table
 */
export function rankCandidates(parameters: RankerParameters, table: FeatureTable, into: Float64Array): void {
  const { candidates, items, context } = table
  if (candidates.length === 0) return
  into.set(rankRows(parameters, items, context, columnMoments(items, parameters.names.length).means))
}

/**
 * Logits of rows of a list, all of them or some.
 * @param rows (rows, features); as they are, or in 16 bits less the means of the list
 * @param means of the list, where rows are as they are
 */
export function rankRows(
  parameters: RankerParameters,
  rows: Float32Array | Float16Array,
  context: Float32Array,
  means?: ArrayLike<number>,
): Float64Array {
  const network = networkFor(parameters, rows.length / parameters.names.length)
  if (means) network.means.set(means)
  standardise(parameters, context, network.context)
  return Float64Array.from(network.logits.subarray(0, network.forward(rows)))
}

/**
 * What each feature of one candidate adds to its logit, against the mean of the list in its place: the features that
 * speak most for it, or against it. They do not add up where features act together.
 */
export function contributions(parameters: RankerParameters, table: FeatureTable, row: number): Float64Array {
  const { items, context } = table
  const features = parameters.names.length
  const { means } = columnMoments(items, features)
  const rows = withoutEach(items.subarray(row * features, (row + 1) * features), means)
  const [whole, ...without] = rankRows(parameters, rows, context, means)
  return Float64Array.from(without, (logit) => whole! - logit)
}

/**
 * (1 + features, features): a candidate as it is, then with one feature after another as it is on average.
 * @param candidate its features
 */
export function withoutEach(candidate: Float32Array, means: ArrayLike<number>): Float32Array {
  const features = candidate.length
  const rows = new Float32Array((1 + features) * features)
  for (let start = 0; start < rows.length; start += features) rows.set(candidate, start)
  for (let f = 0; f < features; f++) rows[(1 + f) * features + f] = means[f]!
  return rows
}

/** Of the last parameters' shape: one list is ranked at a time. */
let shared: { readonly shape: string; readonly room: number; readonly network: RankerNetwork } | undefined

/** The network for one list of so many rows. */
function networkFor(parameters: RankerParameters, rows: number): RankerNetwork {
  const [features, contextFeatures] = [parameters.names.length, parameters.contextNames.length]
  const shape = `${features} ${contextFeatures}`
  if (shared?.shape !== shape || shared.room < rows) {
    const room = Math.max(ROOM, rows)
    shared = { shape, room, network: new RankerNetwork(features, contextFeatures, room) }
  }
  const { network } = shared
  for (const name of TRAINED) network.weights[name].set(parameters[name])
  network.scale.set(parameters.scale)
  return network
}

export function standardise(
  { contextMean, contextScale }: RankerParameters,
  context: Float32Array,
  into: Float32Array,
): void {
  for (let c = 0; c < context.length; c++) {
    const value = (context[c]! - contextMean[c]!) * contextScale[c]!
    into[c] = Math.max(-MOST_DEVIATION, Math.min(MOST_DEVIATION, value))
  }
}
