import { DEFAULT_KINDS } from '../events/kinds.ts'
import type { Interaction } from '../events/types.ts'
import { type AttendedHistory, attendedHistory } from '../kernels/attended-history.ts'
import { columnMoments } from '../kernels/column-moments.ts'
import type { Random } from '../random.ts'
import type { FeatureTable } from '../ranking/features.ts'
import { withColumn } from '../ranking/network-logit.ts'
import { rankRows } from '../ranking/rank-candidates.ts'
import type { RankerParameters } from '../ranking/ranker-parameters.ts'
import type { RequestContext } from '../retrieval/sources/candidate-source.ts'
import type { Moment } from './past-moments.ts'

/** What a user was offered by retrieval, and what of it they then took. */
export interface RankingExample {
  /** Item indexes: the candidate that the event was about, then others. */
  readonly items: Int32Array
  /** (items, features): less the means of the whole list. */
  readonly features: Float16Array
  /** By feature: the means of the whole list. */
  readonly means: Float32Array
  readonly context: Float32Array
  readonly history: AttendedHistory
  /** Of how many candidates of the list each of `items` is one, as a logarithm. */
  readonly logWeight: Float32Array
  /** How much it counts that the event took the candidate; 0 where it turned it down. */
  readonly engaged: number
  /** 1 where the user was content, 0 where not, NaN where nobody knows. */
  readonly satisfied: number
}

export interface Sampling {
  /** Others kept of a list: the first of the blend, and so many drawn from the rest. */
  readonly hard: number
  readonly drawn: number
}

const WHOLE: Sampling = { hard: Number.POSITIVE_INFINITY, drawn: 0 }

/**
 * @param table of candidates in the order of the blend
 * @param target row of the candidate that the event was about
 */
export function exampleOf(
  table: FeatureTable,
  target: number,
  { history, now }: RequestContext,
  { interaction, weight }: Pick<Moment, 'interaction' | 'weight'>,
  random: Random,
  { hard, drawn }: Sampling = WHOLE,
): RankingExample {
  const { candidates, items, context } = table
  const width = items.length / candidates.length
  const rest = candidates.map((_, row) => row).filter((row) => row !== target)
  const first = rest.slice(0, hard)
  const others = drawn > 0 ? random.draw(rest.slice(first.length), drawn) : []
  const rows = [target, ...first, ...others]
  const { means } = columnMoments(items, width)
  const features = new Float16Array(rows.length * width)
  rows.forEach((row, i) => {
    for (let f = 0; f < width; f++) features[i * width + f] = items[row * width + f]! - means[f]!
  })
  const drawnWeight = Math.log((rest.length - first.length) / Math.max(1, others.length))
  return {
    items: Int32Array.from(rows, (row) => candidates[row]!),
    features,
    means: Float32Array.from(means),
    context: context.slice(),
    history: attendedHistory(history, now, (item) => item),
    logWeight: Float32Array.from(rows, (_, i) => (i <= first.length ? 0 : drawnWeight)),
    engaged: DEFAULT_KINDS[interaction.kind].consumes ? weight : 0,
    satisfied: satisfactionOf(interaction),
  }
}

/** With what a network over its features makes of each candidate as one more feature. */
export function withNetworkLogit(example: RankingExample, network: RankerParameters): RankingExample {
  const { features, means, context, logWeight } = example
  const logits = rankRows(network, features, context)
  let [sum, count] = [0, 0]
  logits.forEach((logit, row) => {
    const weight = Math.exp(logWeight[row]!)
    sum += weight * logit
    count += weight
  })
  const mean = sum / count
  return {
    ...example,
    features: withColumn(
      features,
      logits.map((logit) => logit - mean),
    ),
    means: Float32Array.of(...means, mean),
  }
}

/** From which rating on a user is content. */
const CONTENT = 4

/** 1, 0, or NaN where the event does not say. */
export function satisfactionOf({ kind, value = Number.NaN }: Interaction): number {
  if (kind === 'rating') return Number.isNaN(value) ? Number.NaN : Number(value >= CONTENT)
  const { weight, consumes } = DEFAULT_KINDS[kind]
  if (weight < 0) return 0
  return kind === 'like' && consumes ? 1 : Number.NaN
}
