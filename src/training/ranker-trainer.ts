import { DEFAULT_KINDS, KINDS } from '../events/kinds.ts'
import type { Interaction } from '../events/types.ts'
import type { ModelTrainer, TrainedModel, TrainOptions } from '../models/model-trainer.ts'
import type { TrainingSet } from '../models/training-set.ts'
import { Random } from '../random.ts'
import { FeatureReader } from '../ranking/features.ts'
import { ItemContent } from '../ranking/item-content.ts'
import { rankCandidates } from '../ranking/rank-candidates.ts'
import { CANDIDATES, unseenCandidates } from '../ranking/ranker.ts'
import { RankerLearner } from '../ranking/ranker-learner.ts'
import { decodeParameters, encodeParameters } from '../ranking/ranker-parameters.ts'
import { SOURCES } from '../retrieval/retriever.ts'
import { LiveReplica } from './live-replica.ts'

/** More do not fit a few thousand parameters better. */
const MOST_EXAMPLES = 100_000
/** What a slow machine manages: examples are spread over the log so that the budget lasts to its end. */
const EXAMPLES_A_SECOND = 100
/** Of the examples, those from before the models that take part were trained: what models say is learned after that. */
const SHARE_BEFORE_MODELS = 0.25
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
  const { seed, budgetSeconds, previous, since = Number.NEGATIVE_INFINITY, retrieval, signal, onProgress } = options
  const start = performance.now()
  const seconds = () => (performance.now() - start) / 1000
  const items = set.items.flatMap((item) => item ?? [])
  const replica = await LiveReplica.open({ items, partitions, sources: SOURCES })
  const reader = new FeatureReader(
    SOURCES.map(({ name }) => name),
    new ItemContent(replica.items, replica.catalogue),
  )
  const { names, contextNames } = reader
  const learner = new RankerLearner(names, contextNames, {
    random: new Random(seed),
    ...(previous && { start: decodeParameters(previous.tensors, names, contextNames) }),
  })
  const order = inTime(set)
  const firstAfter = (time: number) => {
    const first = order.events.findIndex((event) => set.at[event]! > time)
    return first < 0 ? order.events.length : first
  }
  const first = firstAfter(since)
  const served = retrieval ? firstAfter(retrieval.watermark) : order.events.length
  const wanted = Math.min(MOST_EXAMPLES, Math.ceil(EXAMPLES_A_SECOND * budgetSeconds))
  const { isExample, steps } = spread(first, served, order.events.length, wanted)
  const measured = { n: 0, hits: 0, gain: 0, blendHits: 0, found: 0 }
  const logits = new Float64Array(CANDIDATES)
  let step = 0
  for (const [position, event] of order.events.entries()) {
    if (seconds() > budgetSeconds) break
    const interaction = interactionOf(set, order.user[event]!, event)
    if (position === served) replica.serve(retrieval!)
    if (isExample(position) && DEFAULT_KINDS[interaction.kind].consumes) {
      const scored = await replica.example(interaction)
      const candidates = unseenCandidates(scored)
      const row = candidates.indexOf(replica.items.find(interaction.itemId))
      const table = reader.read(scored, candidates)
      if (step >= (1 - MEASURED) * steps) {
        rankCandidates(learner.parameters, table, logits)
        measure(measured, row, logits.subarray(0, candidates.length))
      }
      if (row >= 0) learner.learn(table, row)
    }
    if (isExample(position) && ++step % REPORT_EVERY === 0) {
      await new Promise(setImmediate)
      signal?.throwIfAborted()
      const etaSeconds = (seconds() / step) * (steps - step)
      onProgress?.({ model: 'ranker', step, steps, loss: learner.loss, learningRate: learner.learningRate, etaSeconds })
    }
    await replica.push(interaction)
  }
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

/**
 * Examples are spread evenly over the events before the models take part, and more densely over those after it.
 *
 * @param first position in time from which there may be examples
 * @param served position from which the models take part
 */
function spread(first: number, served: number, end: number, wanted: number) {
  const turn = Math.max(first, served)
  const [before, after] = [turn - first, end - turn]
  const wantedBefore = after > 0 ? SHARE_BEFORE_MODELS * wanted : wanted
  const everyBefore = Math.max(1, Math.ceil(before / wantedBefore))
  const everyAfter = Math.max(1, Math.ceil(after / (wanted - Math.min(before, before > 0 ? wantedBefore : 0))))
  return {
    steps: Math.ceil(before / everyBefore) + Math.ceil(after / everyAfter),
    isExample: (position: number) =>
      position >= first &&
      (position < turn ? (position - first) % everyBefore === 0 : (position - turn) % everyAfter === 0),
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

/** Events by time, a user's in the order of the log; and the user of each. */
function inTime(set: TrainingSet): { events: Uint32Array; user: Uint32Array } {
  const user = new Uint32Array(set.at.length)
  for (let u = 0; u + 1 < set.starts.length; u++) user.fill(u, set.starts[u], set.starts[u + 1])
  const events = new Uint32Array(set.at.length).map((_, event) => event)
  return { events: events.sort((a, b) => set.at[a]! - set.at[b]! || a - b), user }
}

function interactionOf(set: TrainingSet, user: number, event: number): Interaction {
  const value = set.value[event]!
  return {
    eventId: String(event),
    userId: set.userIds[user]!,
    itemId: set.itemIds[set.item[event]!]!,
    kind: KINDS[set.kind[event]!]!,
    ...(Number.isNaN(value) ? {} : { value }),
    at: set.at[event]!,
  }
}
