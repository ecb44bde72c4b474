import { softmax } from '../../kernels/linear.ts'
import type { BlendWeights } from '../../models/blend-weights.ts'
import { Random } from '../../random.ts'
import { CANDIDATES, unseenCandidates } from '../../ranking/candidate-ranker.ts'
import { rankCandidates } from '../../ranking/rank-candidates.ts'
import { RankerLearner } from '../../ranking/ranker-learner.ts'
import { blendWeights } from '../../ranking/ranker-parameters.ts'
import { type Events, interactionAt } from '../events.ts'
import type { Fits } from '../fitted-models.ts'
import type { Plan } from '../plan.ts'
import type { LiveScorer } from './live.ts'
import {
  claimExamples,
  ExampleLearner,
  type Published,
  publishedAfter,
  putExample,
  type RankerMemory,
  SLOTS,
} from './ranker-examples.ts'
import { rehearseRanker } from './rehearse-ranker.ts'
import type { Scorer } from './scorer.ts'
import { putBehind } from './unranked.ts'

/** The ranker learns from one event in so many: at most so many examples, in reasonable time. */
const EVERY = 4
const MOST_EXAMPLES = 50_000
/** The same while there are trained models that do not take part yet. */
const EVERY_BEFORE_MODELS = 80

/** Which events the ranker learns from, by how many have been learned before: none where it has a rehearsal. */
export function exampleSchedule({ events: { size }, rehearsal }: Plan, fitted?: Fits): (learned: number) => boolean {
  if (rehearsal) return () => false
  const before = fitted?.rehearsal?.learned ?? 0
  const every = Math.max(EVERY, Math.ceil((size - before) / MOST_EXAMPLES))
  return (learned) => learned % (learned < before ? Math.max(every, EVERY_BEFORE_MODELS) : every) === 0
}

/** @param partitions of the live state */
export async function rankerLearner(
  memory: RankerMemory,
  { rehearsal }: Plan,
  partitions: number,
  fitted?: Fits,
): Promise<ExampleLearner> {
  const { names, contextNames } = memory
  if (!rehearsal) return new ExampleLearner(memory, new RankerLearner(names, contextNames, { random: new Random(1) }))
  const { learner, retrieved } = await rehearseRanker(rehearsal, memory, partitions, fitted?.rehearsal?.files)
  return new ExampleLearner(memory, learner, retrieved)
}

/**
 * The learned ranker, learning in the order of the stream: every example is what serving would have ranked just then. Of
 * a protocol with a rehearsal it has learned there. Its scores are probabilities: that the item is among the
 * candidates at all, as often as that happened, times the softmax over these.
 *
 * @param live what it ranks is what that has scored last
 * @param learner where it learns in this thread; else it is awaited what another does
 */
export function ranker(
  live: LiveScorer,
  events: Events,
  isExample: (learned: number) => boolean,
  memory: RankerMemory,
  learner?: ExampleLearner,
): Scorer {
  const reader = live.replica.featureReader()
  const logits = new Float64Array(CANDIDATES)
  let learned = 0
  let examples = 0
  let reads = false
  let weights: BlendWeights = new Map()
  let published: Published | undefined
  return {
    systems: ['ranker'],
    probabilistic: ['ranker'],
    async begin({ index, steps }) {
      const events = steps.filter(({ type }) => type === 'learn').length
      const hasExamples = Array.from({ length: events }, (_, at) => learned + at).some(isExample)
      reads = hasExamples && claimExamples(memory, index)
      if (!reads) return
      await live.replica.refresh()
      // Of so long ago that nobody waits for the learner: the same whichever thread reads these examples.
      weights = blendWeights(publishedAfter(memory, Math.max(0, examples - SLOTS)).parameters)
    },
    async before(sequence) {
      if (!isExample(learned++)) return
      const example = examples++
      if (!reads) return
      live.replica.weigh(weights)
      const scored = await live.replica.example(interactionAt(events, sequence))
      const candidates = unseenCandidates(scored)
      putExample(memory, example, reader.read(scored, candidates), candidates.indexOf(events.item[sequence]!))
      learner?.learnWaiting()
    },
    learn() {},
    asked() {
      published = publishedAfter(memory, examples)
      live.replica.weigh(blendWeights(published.parameters))
    },
    score(_, [into]) {
      const { scored } = live
      const { parameters, retrieved } = published!
      // No probability, and counted as none.
      putBehind(scored, into!)
      const candidates = unseenCandidates(scored)
      rankCandidates(parameters, reader.read(scored, candidates), logits)
      softmax(logits, candidates.length)
      for (let row = 0; row < candidates.length; row++) into![candidates[row]!] = retrieved * logits[row]!
    },
  }
}
