import type { DinRequest } from '../../src/kernels/din-kernel.ts'
import { type DinWeights, HEADS, MOST_DEVIATION } from '../../src/kernels/din-weights.ts'

/**
 * The Deep Interest Network written down as it is defined, pair by pair, in doubles: what the kernel is held to.
 *
 * @returns (candidates, HEADS): logits
 */
export function plainDin(weights: DinWeights, { items, features, context, history }: DinRequest): Float64Array {
  const { width, layer, layerSlope, headsBias, layerBias, layerToHeads } = weights
  const count = items.length
  const columns = features.length / count
  const means = Array.from({ length: columns }, (_, f) => {
    let sum = 0
    for (let row = 0; row < count; row++) sum += features[row * columns + f]!
    return sum / count
  })
  const around = Array.from(context, (value, c) => {
    const deviations = (value - weights.contextMean[c]!) * weights.contextScale[c]!
    return Math.max(-MOST_DEVIATION, Math.min(MOST_DEVIATION, deviations))
  })
  const logits = new Float64Array(count * HEADS)
  for (let row = 0; row < count; row++) {
    const target = embeddingOf(weights, items[row]!)
    const interest = new Array<number>(width + 1).fill(0)
    for (let entry = 0; entry < history.length; entry++) {
      if (items[row]! < 0 || history.item[entry]! < 0) continue
      const own = embeddingOf(weights, history.item[entry]!)
      const weight = factorOf(weights, history, entry) * activationOf(weights, own, target)
      for (let d = 0; d < width; d++) interest[d]! += weight * own[d]!
      interest[width]! += weight
    }
    const centred = means.map((mean, f) => features[row * columns + f]! - mean)
    const inputs = [...interest, ...target, ...target.map((value, d) => value * interest[d]!), ...centred]
    const hidden = Array.from({ length: layer }, (_, l) => {
      let sum = layerBias[l]!
      inputs.forEach((value, i) => {
        sum += value * weights.toLayer[i * layer + l]!
      })
      around.forEach((value, c) => {
        sum += value * weights.contextToLayer[c * layer + l]!
      })
      return sum > 0 ? sum : sum * layerSlope[l]!
    })
    for (let head = 0; head < HEADS; head++) {
      let logit = headsBias[head]!
      inputs.forEach((value, i) => {
        logit += value * weights.toHeads[i * HEADS + head]!
      })
      around.forEach((value, c) => {
        logit += value * weights.contextToHeads[c * HEADS + head]!
      })
      hidden.forEach((value, l) => {
        logit += value * layerToHeads[l * HEADS + head]!
      })
      logits[row * HEADS + head] = logit
    }
  }
  return logits
}

function embeddingOf({ embedding, width }: DinWeights, item: number): number[] {
  return Array.from({ length: width }, (_, d) => (item < 0 ? 0 : embedding[item * width + d]!))
}

/** The unit sees e_h, e_t and their product. */
function activationOf(weights: DinWeights, own: readonly number[], target: readonly number[]): number {
  const { unit, width, product, history, bias, slope, out, outBias } = weights
  let activation = outBias
  for (let k = 0; k < unit; k++) {
    let known = bias[k]!
    for (let d = 0; d < width; d++) {
      known += own[d]! * history[d * unit + k]! + target[d]! * weights.target[k * width + d]!
      known += own[d]! * target[d]! * product[k * width + d]!
    }
    activation += out[k]! * (known > 0 ? known : known * slope[k]!)
  }
  return activation
}

function factorOf({ factors }: DinWeights, { kind, value, age }: DinRequest['history'], entry: number): number {
  const meant = factors.kind[kind[entry]!]! + factors.value[value[entry]!]!
  return meant * Math.exp(factors.age[age[entry]!]! + factors.position[entry]!)
}
