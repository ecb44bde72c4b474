// What a ranker loses by learning from what people looked at, and what inverse propensities give back: real events, each
// taken from a list in the order of the blend or of popularity, where somebody looks at a place in proportion to
// (place + 1)^-bias. Who does not look takes nothing, and nothing is learned. Beside it a ranker that learns as many events
// by chance: what it lacks, it lacks for want of examples. The latest fifth is predicted by all, looked at or not, before it
// is learned.
import { openPlan } from '../src/bin/evaluation-threads.ts'
import { trainingSetOf } from '../src/evaluation/training-set-of.ts'
import { DEFAULT_KINDS } from '../src/events/kinds.ts'
import { Random } from '../src/random.ts'
import { CANDIDATES, unseenCandidates } from '../src/ranking/candidate-ranker.ts'
import type { FeatureTable } from '../src/ranking/features.ts'
import { rankCandidates } from '../src/ranking/rank-candidates.ts'
import { RankerLearner } from '../src/ranking/ranker-learner.ts'
import { LiveReplica } from '../src/training/live-replica.ts'
import { pastMoments } from '../src/training/past-moments.ts'
import { inversePropensity } from '../src/training/position-bias.ts'
import { type Benchmark, rounded } from './benchmark.ts'

const ORDERS = ['blend', 'popularity'] as const
const BIASES = [0.5, 1]
const MOMENTS = 30_000
const MEASURED = 0.2
const K = 10

interface Learner {
  readonly name: string
  /** How much it counts that the item at this place was taken; 0 where it is not learned. */
  weigh(places: Record<(typeof ORDERS)[number], number>, chance: number): number
  readonly ranker: RankerLearner
  hits: number
  readonly gains: number[]
}

export const run: Benchmark = async ({ config, data, status }) => {
  const { events } = await openPlan({ protocol: 'prequential', data, columns: {}, config }, { every: 1, seed: 1 })
  const set = trainingSetOf(events, new Uint8Array(events.size).fill(1))
  const { itemIds, users } = set
  const replica = await LiveReplica.open({ items: events.catalogue, itemIds, users, partitions: config.partitions })
  const reader = replica.featureReader()
  const learner = (name: string, weigh: Learner['weigh']): Learner => {
    const ranker = new RankerLearner(reader.names, reader.contextNames, { random: new Random(2) })
    return { name, weigh, ranker, hits: 0, gains: [] }
  }
  const everything = learner('everything', () => 1)
  const partial = ORDERS.flatMap((order) =>
    BIASES.flatMap((bias) => {
      const name = `${order}, bias ${bias}`
      const isSeen = (place: number, chance: number) => chance < (place + 1) ** -bias
      const seen = learner(name, ({ [order]: place }, chance) => (isSeen(place, chance) ? 1 : 0))
      const weighted = learner(`${name}, weighted`, ({ [order]: place }, chance) =>
        isSeen(place, chance) ? inversePropensity(place, bias) : 0,
      )
      const drawn = learner(`${name}, as many by chance`, (_, chance) =>
        // Not the events that the others see.
        1 - chance < seen.ranker.examples / Math.max(1, everything.ranker.examples) ? 1 : 0,
      )
      return [seen, weighted, drawn]
    }),
  )
  const learners = [everything, ...partial]
  const random = new Random(1)
  const logits = new Float64Array(CANDIDATES)
  for await (const { step, steps, interaction, scored } of pastMoments(set, replica, {
    most: MOMENTS,
    budgetSeconds: Number.POSITIVE_INFINITY,
  })) {
    if (step % 500 === 0) status(`event ${step} of ${steps}`)
    const candidates = unseenCandidates(scored)
    const target = candidates.indexOf(replica.items.find(interaction.itemId))
    if (!DEFAULT_KINDS[interaction.kind].consumes || target < 0) continue
    const table = reader.read(scored, candidates)
    const places = { blend: target, popularity: placeBy(reader.names.indexOf('visits'), table, target) }
    const chance = random.uniform()
    for (const one of learners) {
      if (step >= (1 - MEASURED) * steps) {
        rankCandidates(one.ranker.parameters, table, logits)
        const rank = logits.subarray(0, candidates.length).filter((logit) => logit > logits[target]!).length
        if (rank < K) one.hits++
        one.gains.push(rank < K ? 1 / Math.log2(rank + 2) : 0)
      }
      const weight = one.weigh(places, chance)
      if (weight > 0) one.ranker.learn(table, target, weight)
    }
  }
  return Object.fromEntries(
    learners.map(({ name, ranker, hits, gains }) => {
      const differences = gains.map((gain, i) => gain - everything.gains[i]!)
      const figures = {
        examples: ranker.examples,
        'HR@10': rounded(hits / gains.length, 4),
        'NDCG@10': rounded(mean(gains), 4),
        'against everything': `${rounded(mean(differences), 4)} ± ${rounded(standardError(differences), 4)}`,
      }
      return [name, figures]
    }),
  )
}

/** Of a row, in the order of a feature. */
function placeBy(feature: number, { candidates, items }: FeatureTable, row: number): number {
  const width = items.length / candidates.length
  const own = items[row * width + feature]!
  return candidates.filter((_, other) => items[other * width + feature]! > own).length
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function standardError(values: readonly number[]): number {
  const centre = mean(values)
  return Math.sqrt(mean(values.map((value) => (value - centre) ** 2)) / values.length)
}
