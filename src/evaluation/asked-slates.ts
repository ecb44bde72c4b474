import type { BlendWeights } from '../models/blend-weights.ts'
import { unseenCandidates } from '../ranking/candidate-ranker.ts'
import type { FeatureTable } from '../ranking/features.ts'
import type { Scored } from '../retrieval/retriever.ts'
import { LiveReplica } from '../training/live-replica.ts'
import { interactionAt } from './events.ts'
import { type FittedFiles, readFitted } from './fitted-models.ts'
import { guardLeakage } from './leakage-guard.ts'
import type { Plan } from './plan.ts'

/** What a plan asks, as a ranker sees it. Valid until the next one. */
export interface AskedSlate {
  readonly scored: Scored
  readonly table: FeatureTable
  /** Rows of the candidates that are relevant, in the order of the candidates. */
  readonly rows: readonly number[]
  /** Items that are relevant, retrieved or not. */
  readonly relevant: number
  /** The first of the events that it is about. */
  readonly sequence: number
}

export interface AskedOptions {
  /** Of the live state. */
  readonly partitions: number
  /** Trained models that take part from the plan's first fit on; there may be none. */
  readonly files: FittedFiles | undefined
  /** What sources weigh in the blend from the next question on. */
  readonly weights?: () => BlendWeights
}

/** Carries a plan out over a live state of its own, for what can be learned from its questions. */
export async function* askedSlates(
  plan: Plan,
  { partitions, files, weights }: AskedOptions,
): AsyncGenerator<AskedSlate> {
  const { events } = plan
  const { itemIds, users, catalogue } = events
  // The replica's indexes are the data's.
  const replica = await LiveReplica.open({ items: catalogue, itemIds, users, partitions })
  const reader = replica.featureReader()
  const ask = async (sequences: readonly number[], at: number): Promise<AskedSlate> => {
    const items = new Set(sequences.map((sequence) => events.item[sequence]!))
    const scored = await replica.ask(events.userIds[events.user[sequences[0]!]!]!, at)
    const candidates = unseenCandidates(scored)
    const rows = candidates.flatMap((item, row) => (items.has(item) ? [row] : []))
    return { scored, table: reader.read(scored, candidates), rows, relevant: items.size, sequence: sequences[0]! }
  }
  let isFitted = false
  for (const step of guardLeakage(plan.steps(), events.size)) {
    if (step.type === 'learn') {
      await replica.push(interactionAt(events, step.sequence))
    } else if (step.type === 'fit') {
      if (!isFitted && files) replica.serve(readFitted(files, itemIds))
      isFitted = true
      await replica.refresh()
    } else {
      const { at, questions } = step.case
      if (weights) replica.weigh(weights())
      yield await ask(questions[0]!.relevant, at)
    }
  }
}
