import type { ModelKernels } from '../models/model-kernels.ts'
import type { ModelName } from '../models/model-trainer.ts'
import type { ReleasedModels } from '../models/released-models.ts'
import type { TrainingSet } from '../models/training-set.ts'
import { ExactVectorIndex } from '../vector-index/exact-vector-index.ts'
import type { VectorIndex } from '../vector-index/vector-index.ts'
import { embeddingStatistics } from './embedding-statistics.ts'
import type { HoldoutCase } from './holdout.ts'
import { probesOf, recallOf } from './index-recall.ts'
import type { GateReport } from './manifest.ts'
import { validate, validatePopularity } from './validation.ts'

const GATE = {
  /** Of the 100 nearest by exact search, the index finds this share on average. */
  indexRecallAt100: 0.98,
  /** Worse by more than so many standard errors of the difference, case by case, is not noise. */
  noiseDeviations: 2.5,
  /** With fewer cases nothing is said about quality. */
  minCases: 50,
  /** Dimensions in use, of all. */
  effectiveRankShare: 1 / 16,
  meanCosine: 0.9,
  /** Of the items, or of ten a case where those are fewer, stand in some list of ten. */
  coverage: 0.02,
  /** Probabilities that are off by more on average are none. */
  calibrationError: 0.1,
} as const

export interface GateInput {
  readonly candidate: Pick<ReleasedModels, 'models' | 'itemIds'>
  /** What each trainer has measured itself. */
  readonly metrics?: ReadonlyMap<ModelName, Readonly<Record<string, number>>>
  readonly indexes: ReadonlyMap<ModelName, VectorIndex>
  /** Undefined where none is in service. */
  readonly inService: ReleasedModels | undefined
  /** What the candidate was trained on: the cases are in its vocabulary and not in it. */
  readonly set: TrainingSet
  readonly cases: readonly HoldoutCase[]
  readonly kernels: ModelKernels
}

/**
 * Whether a release may be published. Never throws for a bad candidate: it says all that is wrong with it. A model that
 * fails is left out where the release in service lacks it, too; where that one has it, or no model is left, the candidate is
 * refused as a whole, for then something would be lost.
 */
export function gate(input: GateInput): GateReport {
  const reasons: string[] = []
  const failed: ModelName[] = []
  const measures: Record<string, number> = {}
  for (const name of input.candidate.models.keys()) {
    const note = (measure: string, value: number) => {
      measures[`${name}/${measure}`] = value
    }
    const refuse = (reason: string) => {
      reasons.push(`${name}: ${reason}`)
      if (failed.at(-1) !== name) failed.push(name)
    }
    if (!checkNumbers(name, input, note, refuse)) continue
    checkIndex(name, input, note, refuse)
    checkQuality(name, input, note, refuse)
    if (name === 'ranker') {
      checkRanker(input.metrics?.get(name) ?? {}, input.inService?.models.has(name) ?? false, note, refuse)
    }
    if (name === 'din') checkDin(input.metrics?.get(name) ?? {}, note, refuse)
  }
  // Without the network that attends, the one over features orders.
  const isSpare = (name: ModelName) =>
    name === 'din' && input.candidate.models.has('ranker') && !failed.includes('ranker')
  const isLost = failed.some((name) => input.inService?.models.has(name) && !isSpare(name))
  const passed = !isLost && (failed.length === 0 || failed.length < input.candidate.models.size)
  return { passed, leftOut: passed ? failed : [], reasons, measures }
}

type Note = (measure: string, value: number) => void
type Refuse = (reason: string) => void

/** False where nothing further can be measured. */
function checkNumbers(name: ModelName, { candidate }: GateInput, note: Note, refuse: Refuse): boolean {
  const tensors = candidate.models.get(name)!
  for (const [tensor, { data }] of tensors) {
    if (data.every(Number.isFinite)) continue
    refuse(`the tensor ${tensor} has numbers that are not finite: training diverged`)
    return false
  }
  const items = tensors.get('items')
  if (!items) return true
  const dimensions = items.shape[1]!
  const { effectiveRank, meanNorm, normSpread, meanCosine } = embeddingStatistics(items.data, dimensions)
  note('effectiveRank', effectiveRank)
  note('meanNorm', meanNorm)
  note('normSpread', normSpread)
  note('meanCosine', meanCosine)
  const least = GATE.effectiveRankShare * dimensions
  if (effectiveRank < least) {
    refuse(`its items use ${effectiveRank.toFixed(1)} of ${dimensions} dimensions, fewer than ${least}: they collapsed`)
  }
  if (meanCosine > GATE.meanCosine) {
    refuse(`two items have a mean cosine of ${meanCosine.toFixed(2)}, above ${GATE.meanCosine}: they collapsed`)
  }
  return true
}

function checkIndex(name: ModelName, input: GateInput, note: Note, refuse: Refuse): void {
  const { candidate, indexes, cases, kernels } = input
  const index = indexes.get(name)
  const model = index && kernels.queryModel(name, candidate.models.get(name)!)
  if (!model || index instanceof ExactVectorIndex) return
  const recall = recallOf(index, probesOf(model, cases, 'to measure'))
  if (recall === undefined) return
  note('indexRecall@100', recall)
  if (recall >= GATE.indexRecallAt100) return
  refuse(`its index finds ${percent(recall)} of the 100 nearest, less than ${percent(GATE.indexRecallAt100)}`)
}

function checkQuality(name: ModelName, input: GateInput, note: Note, refuse: Refuse): void {
  const { candidate, inService, cases, set, kernels } = input
  const mine = validate(name, candidate, cases, candidate.itemIds, kernels)
  if (!mine) return
  for (const measure of MEASURES) note(measure.name, average(mine.ranks, measure))
  note('coverage', mine.coverage)
  if (cases.length < GATE.minCases) return
  const least = GATE.coverage * Math.min(1, (10 * cases.length) / candidate.itemIds.length)
  if (mine.coverage < least)
    refuse(`its lists show ${percent(mine.coverage)} of the items, less than ${percent(least)}`)
  const popularity = validatePopularity(cases, visitsOf(set))
  for (const measure of MEASURES) {
    compare(mine.ranks, popularity, measure, 'popularity, which knows nobody,', refuse)
  }
  if (!inService) return
  // What the other has been trained on tells nothing about it.
  const unseen = cases.filter(({ at }) => at > inService.watermark)
  const theirs = validate(name, inService, unseen, candidate.itemIds, kernels)
  if (!theirs || unseen.length < GATE.minCases) return
  const ours = mine.ranks.filter((_, i) => cases[i]!.at > inService.watermark)
  for (const measure of MEASURES) {
    note(`inService/${measure.name}`, average(theirs.ranks, measure))
    compare(ours, theirs.ranks, measure, `${inService.version}, which is in service,`, refuse)
  }
}

/**
 * The ranker has to beat the order that it is given, the blend's: both were measured by its trainer on the same events,
 * each before it was learned.
 *
 * @param isServed whether the release in service has one
 */
function checkRanker(metrics: Readonly<Record<string, number>>, isServed: boolean, note: Note, refuse: Refuse): void {
  const { cases = 0, 'HR@10': own = 0, 'HR@10 of the blend': blend = 0 } = metrics
  note('HR@10', own)
  note('blend/HR@10', blend)
  if (cases < GATE.minCases) {
    if (!isServed) refuse(`${cases} cases are too few to say that it is better than the blend's own order`)
    return
  }
  // As if the two were independent: an upper bound, since they are asked about the same events.
  const error = Math.sqrt((own * (1 - own) + blend * (1 - blend)) / cases)
  if (own >= blend - GATE.noiseDeviations * error) return
  const noise = (GATE.noiseDeviations * error).toFixed(4)
  refuse(
    `HR@10 ${own.toFixed(4)} against ${blend.toFixed(4)} of the blend it orders, over ${cases} cases, noise ${noise}`,
  )
}

/**
 * What attends has to beat a network over the features alone that learned from the same examples, or it is not worth its
 * time; and not to fall behind the one in service, measured on what neither had seen.
 */
function checkDin(metrics: Readonly<Record<string, number>>, note: Note, refuse: Refuse): void {
  const { cases = 0, 'NDCG@10': own = 0, 'NDCG@10 of features': features = 0 } = metrics
  const { 'NDCG@10 of the blend': blend = 0 } = metrics
  const { 'NDCG@10 in service': before, 'satisfaction ECE': calibration = 0 } = metrics
  note('NDCG@10', own)
  note('features/NDCG@10', features)
  note('blend/NDCG@10', blend)
  note('satisfactionECE', calibration)
  if (cases < GATE.minCases) {
    if (before === undefined) refuse(`${cases} cases are too few to say that it is better than the features alone`)
    return
  }
  if (own < features) {
    refuse(
      `NDCG@10 ${own.toFixed(4)} against ${features.toFixed(4)} of the features alone, over the same ${cases} cases`,
    )
  }
  if (own < blend) {
    refuse(`NDCG@10 ${own.toFixed(4)} against ${blend.toFixed(4)} of the blend it orders, over the same ${cases} cases`)
  }
  // A gain is between 0 and 1, so its variance is at most this.
  const noise = before === undefined ? 0 : GATE.noiseDeviations * Math.sqrt((2 * before * (1 - before)) / cases)
  if (before !== undefined && own < before - noise) {
    refuse(`NDCG@10 ${own.toFixed(4)} against ${before.toFixed(4)} of the one in service, noise ${noise.toFixed(4)}`)
  }
  if (calibration > GATE.calibrationError) {
    refuse(`its chances of satisfaction are off by ${calibration.toFixed(3)}, more than ${GATE.calibrationError}`)
  }
}

interface Measure {
  readonly name: string
  of(rank: number): number
}

const MEASURES: readonly Measure[] = [
  { name: 'Recall@100', of: (rank) => (rank <= 100 ? 1 : 0) },
  { name: 'NDCG@10', of: (rank) => (rank <= 10 ? 1 / Math.log2(1 + rank) : 0) },
]

function average(ranks: Float64Array, { of }: Measure): number {
  return ranks.reduce((sum, rank) => sum + of(rank), 0) / Math.max(1, ranks.length)
}

/** Paired, case by case: what is hard for one is hard for the other, and cancels out. */
function compare(mine: Float64Array, theirs: Float64Array, measure: Measure, what: string, refuse: Refuse): void {
  const n = mine.length
  const differences = mine.map((rank, i) => measure.of(rank) - measure.of(theirs[i]!))
  const mean = differences.reduce((sum, one) => sum + one, 0) / n
  const variance = differences.reduce((sum, one) => sum + (one - mean) ** 2, 0) / Math.max(1, n - 1)
  const error = Math.sqrt(variance / n)
  if (mean >= -GATE.noiseDeviations * error || mean === 0) return
  const [own, other] = [average(mine, measure), average(theirs, measure)]
  const noise = (GATE.noiseDeviations * error).toFixed(4)
  refuse(`${measure.name} ${own.toFixed(4)} against ${other.toFixed(4)} of ${what} over ${n} cases, noise ${noise}`)
}

function visitsOf({ itemIds, item }: TrainingSet): Float64Array {
  const visits = new Float64Array(itemIds.length)
  for (const one of item) visits[one]!++
  return visits
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`
}
