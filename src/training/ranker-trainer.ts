import { DEFAULT_KINDS } from '../events/kinds.ts'
import type { ModelTrainer, TrainedModel, TrainOptions } from '../models/model-trainer.ts'
import type { TrainingSet } from '../models/training-set.ts'
import { Random } from '../random.ts'
import { CANDIDATES, unseenCandidates } from '../ranking/candidate-ranker.ts'
import { rankCandidates } from '../ranking/rank-candidates.ts'
import { RankerLearner } from '../ranking/ranker-learner.ts'
import { blendWeights, decodeStart, encodeParameters } from '../ranking/ranker-parameters.ts'
import { LiveReplica } from './live-replica.ts'
import { pastMoments } from './past-moments.ts'

/** More do not fit a few thousand parameters better. */
const MOST_EXAMPLES = 100_000
/** Of the examples, the last, over which the metrics are taken. */
const MEASURED = 0.1
const CUT_OFF = 10
/** Examples from one report, and one chance for an abort to arrive, to the next. */
const REPORT_EVERY = 200

/**
 * Trains the ranker as it would have learned in service: a private fold of the log is asked for candidates just before a
 * sample of its events, and each event that took one of them is an example. Where retrieval models are given, they take
 * part from their watermark on, so that nothing they say is of events that they were trained on. Metrics are of
 * predictions made before the example was learned.
 *
 * @param partitions of the state that is served
 */
export function rankerTrainer({ partitions = 4 }: { readonly partitions?: number } = {}): ModelTrainer {
  return { name: 'ranker', train: (set, options) => trainRanker(set, options, partitions) }
}

async function trainRanker(set: TrainingSet, options: TrainOptions, partitions: number): Promise<TrainedModel> {
  const { seed, budgetSeconds, previous, since, retrieval, signal, onProgress } = options
  const start = performance.now()
  const seconds = () => (performance.now() - start) / 1000
  const items = set.items.flatMap((item) => item ?? [])
  const replica = await LiveReplica.open({ items, users: set.users, partitions })
  const reader = replica.featureReader()
  const { names, contextNames } = reader
  const learner = new RankerLearner(names, contextNames, {
    random: new Random(seed),
    start: previous && decodeStart(previous.tensors, names, contextNames),
  })
  const measured = { n: 0, hits: 0, gain: 0, blendHits: 0, found: 0 }
  const logits = new Float64Array(CANDIDATES)
  for await (const moment of pastMoments(set, replica, { most: MOST_EXAMPLES, budgetSeconds, since, retrieval })) {
    const { step, steps, interaction, weight, scored } = moment
    if (DEFAULT_KINDS[interaction.kind].consumes) {
      const candidates = unseenCandidates(scored)
      const row = candidates.indexOf(replica.items.find(interaction.itemId))
      const table = reader.read(scored, candidates)
      if (step >= (1 - MEASURED) * steps) {
        rankCandidates(learner.parameters, table, logits)
        measure(measured, row, logits.subarray(0, candidates.length))
      }
      if (row >= 0) learner.learn(table, row, weight)
      replica.weigh(blendWeights(learner.parameters))
    }
    const done = step + 1
    if (done % REPORT_EVERY === 0) {
      await new Promise(setImmediate)
      signal?.throwIfAborted()
      const etaSeconds = (seconds() / done) * (steps - done)
      const { loss, learningRate } = learner
      onProgress?.({ model: 'ranker', step: done, steps, loss, learningRate, etaSeconds })
    }
  }
  learner.settle()
  const { n, hits, gain, blendHits, found } = measured
  return {
    tensors: encodeParameters(learner.parameters),
    metrics: {
      examples: learner.examples,
      cases: n,
      loss: learner.loss,
      'HR@10': hits / Math.max(1, n),
      'NDCG@10': gain / Math.max(1, n),
      'HR@10 of the blend': blendHits / Math.max(1, n),
      retrieved: found / Math.max(1, n),
    },
  }
}

interface Measured {
  n: number
  hits: number
  gain: number
  blendHits: number
  found: number
}

/** @param row of the candidate that was taken, -1 where it was not retrieved; candidates are in the order of the blend */
function measure(into: Measured, row: number, logits: Float64Array): void {
  into.n++
  if (row < 0) return
  into.found++
  if (row < CUT_OFF) into.blendHits++
  let rank = 0
  for (const logit of logits) if (logit > logits[row]!) rank++
  if (rank >= CUT_OFF) return
  into.hits++
  into.gain += 1 / Math.log2(rank + 2)
}
