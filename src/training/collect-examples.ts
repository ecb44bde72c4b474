import { DEFAULT_KINDS } from '../events/kinds.ts'
import type { TrainOptions } from '../models/model-trainer.ts'
import type { TrainingSet } from '../models/training-set.ts'
import type { Random } from '../random.ts'
import { unseenCandidates } from '../ranking/candidate-ranker.ts'
import { NETWORK, networkOf } from '../ranking/network-logit.ts'
import { RankerLearner } from '../ranking/ranker-learner.ts'
import { blendWeights, decodeStart, type RankerParameters } from '../ranking/ranker-parameters.ts'
import { LiveReplica } from './live-replica.ts'
import { pastMoments } from './past-moments.ts'
import { exampleOf, type RankingExample, type Sampling, satisfactionOf, withNetworkLogit } from './ranking-examples.ts'

/** Of the moments, the last, by which a ranker is measured. */
const MEASURED = 0.1
/** Of the others of a list: what a ranker confuses most, and a sample of the rest. */
const SAMPLING: Sampling = { hard: 40, drawn: 40 }
/** Moments from one report, and one chance for an abort to arrive, to the next. */
const REPORT_EVERY = 200

export interface Examples {
  /** Of the features: of those that are read, then NETWORK. */
  readonly names: readonly string[]
  readonly contextNames: readonly string[]
  /** Earlier ones, with a sample of their candidates. */
  readonly learned: readonly RankingExample[]
  /** Later ones, whole. */
  readonly measured: readonly RankingExample[]
  /** Events of the time of `measured` whose item was taken without having been retrieved. */
  readonly missed: number
  /** What a network over all features but its own has learned from the whole lists of `learned`. */
  readonly network: RankerParameters
}

/**
 * What serving would have ranked just before a sample of past events, and what was taken of it: a private fold of the log
 * is asked, so that features are those of the moment.
 *
 * @param partitions of the state that is served
 */
export async function collectExamples(
  set: TrainingSet,
  partitions: number,
  random: Random,
  most: number,
  { budgetSeconds, previous, since, retrieval, signal, onProgress }: Omit<TrainOptions, 'seed'>,
): Promise<Examples> {
  const startedAt = performance.now()
  const items = set.items.flatMap((item) => item ?? [])
  // The replica's item indexes are the vocabulary's.
  const replica = await LiveReplica.open({
    items,
    itemIds: set.itemIds,
    users: set.users,
    partitions,
  })
  const reader = replica.featureReader()
  const learned: RankingExample[] = []
  const measured: RankingExample[] = []
  let missed = 0
  const { names, contextNames } = reader
  const learner = new RankerLearner(names, contextNames, {
    random,
    start: previous && decodeStart(networkOf(previous.tensors), names, contextNames),
  })
  let asked = 0
  for await (const moment of pastMoments(set, replica, { most, budgetSeconds, since, retrieval })) {
    const { step, steps, interaction, weight, scored } = moment
    const isMeasured = step >= (1 - MEASURED) * steps
    const { consumes } = DEFAULT_KINDS[interaction.kind]
    if (consumes || !Number.isNaN(satisfactionOf(interaction))) {
      const candidates = unseenCandidates(scored)
      const row = candidates.indexOf(replica.items.find(interaction.itemId))
      if (row >= 0 && candidates.length > 1) {
        const table = reader.read(scored, candidates)
        const sampling = isMeasured ? undefined : SAMPLING
        const example = exampleOf(table, row, scored.context, moment, random, sampling)
        if (isMeasured) measured.push(example)
        else {
          learned.push(example)
          if (consumes) learner.learn(table, row, weight)
          replica.weigh(blendWeights(learner.parameters))
        }
      } else if (isMeasured && consumes) missed++
    }
    if (++asked % REPORT_EVERY === 0) {
      await new Promise(setImmediate)
      signal?.throwIfAborted()
      const seconds = (performance.now() - startedAt) / 1000
      const etaSeconds = (seconds / (step + 1)) * (steps - step)
      onProgress?.({ model: 'din', step, steps, loss: learner.loss, learningRate: learner.learningRate, etaSeconds })
    }
  }
  const network = learner.parameters
  for (const examples of [learned, measured]) {
    examples.forEach((example, at) => {
      // The narrower one is let go of at once: there are many.
      examples[at] = withNetworkLogit(example, network)
    })
  }
  return { names: [...names, NETWORK], contextNames, learned, measured, missed, network }
}
