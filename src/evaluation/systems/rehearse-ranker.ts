import { Random } from '../../random.ts'
import type { FeatureTable } from '../../ranking/features.ts'
import { RankerLearner } from '../../ranking/ranker-learner.ts'
import { blendWeights } from '../../ranking/ranker-parameters.ts'
import { askedSlates } from '../asked-slates.ts'
import type { FittedFiles } from '../fitted-models.ts'
import type { Plan } from '../plan.ts'
import type { RankerMemory } from './ranker-examples.ts'

/** Of the items that are relevant in a case, it is learned from so many at most. */
const TARGETS_A_CASE = 4
/** What a short rehearsal has taught settles until so many gradients are taken in all. */
const LEAST_GRADIENTS = 50_000

export interface RehearsedRanker {
  readonly learner: RankerLearner
  /** Of the relevant items, the share that was among the candidates. */
  readonly retrieved: number
}

/**
 * Learns to rank what a protocol asks from its rehearsal: asked the same about events that are not tested on, over a live
 * state that has seen what the rehearsal has learned, with models trained on just that.
 *
 * @param partitions of the live state
 * @param files models as of the rehearsal's first fit
 */
export async function rehearseRanker(
  rehearsal: Plan,
  { names, contextNames }: Pick<RankerMemory, 'names' | 'contextNames'>,
  partitions: number,
  files: FittedFiles | undefined,
): Promise<RehearsedRanker> {
  const random = new Random(1)
  const learner = new RankerLearner(names, contextNames, { random })
  let [relevant, retrieved] = [0, 0]
  const weights = () => blendWeights(learner.parameters)
  for await (const { table, rows, relevant: wanted } of askedSlates(rehearsal, { partitions, files, weights })) {
    relevant += wanted
    retrieved += rows.length
    for (const target of random.draw([...rows], TARGETS_A_CASE)) {
      const choice = among(table, target, rows)
      learner.learn(choice.table, choice.target)
    }
  }
  learner.settle(LEAST_GRADIENTS)
  return { learner, retrieved: retrieved / Math.max(1, relevant) }
}

/** The slate without the other rows that are relevant: they are no negatives. */
function among(table: FeatureTable, target: number, rows: readonly number[]): { table: FeatureTable; target: number } {
  if (rows.length === 1) return { table, target }
  const { candidates, items, context } = table
  const width = items.length / candidates.length
  const left = candidates.flatMap((_, row) => (row === target || !rows.includes(row) ? [row] : []))
  const kept = new Float32Array(left.length * width)
  left.forEach((row, at) => {
    kept.set(items.subarray(row * width, (row + 1) * width), at * width)
  })
  const choice = { candidates: left.map((row) => candidates[row]!), items: kept, context }
  return { table: choice, target: left.indexOf(target) }
}
