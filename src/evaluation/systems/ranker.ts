import { softmax } from '../../kernels/linear.ts'
import { Random } from '../../random.ts'
import { CANDIDATES, unseenCandidates } from '../../ranking/candidate-ranker.ts'
import { rankCandidates } from '../../ranking/rank-candidates.ts'
import { RankerLearner } from '../../ranking/ranker-learner.ts'
import { SOURCES } from '../../retrieval/retriever.ts'
import { LiveReplica } from '../../training/live-replica.ts'
import { type Events, interactionAt } from '../events.ts'
import { type Fits, readFitted } from '../fitted-models.ts'
import type { Scorer } from './scorer.ts'
import { putBehind } from './unranked.ts'

/** The ranker learns from one event in so many: at most so many examples, in reasonable time. */
const EVERY = 4
const MOST_EXAMPLES = 30_000
/** The same while there are trained models that do not take part yet. */
const EVERY_BEFORE_MODELS = 80

/**
 * The learned ranker, learning in the order of the stream: every example is what serving would have ranked just then.
 * Where a protocol stops learning, so does the ranker. Its scores are probabilities: that the item is among the
 * candidates at all, as often as that happened, times the softmax over these.
 *
 * @param fitted trained models that take part: the rehearsal from its moment on, then each fit
 */
export async function ranker(events: Events, partitions: number, fitted?: Fits): Promise<Scorer> {
  // The replica's indexes are the data's: scores need no translation.
  const { itemIds, catalogue } = events
  const live = await LiveReplica.open({ items: catalogue, itemIds, partitions, sources: SOURCES })
  const reader = live.featureReader()
  const learner = new RankerLearner(reader.names, reader.contextNames, { random: new Random(1) })
  const logits = new Float64Array(CANDIDATES)
  const rehearsal = fitted?.rehearsal
  const eventsLeft = events.size - (rehearsal?.learned ?? 0)
  const every = Math.max(EVERY, Math.ceil(eventsLeft / MOST_EXAMPLES))
  let learned = 0
  /** Of the events it was to learn from, those whose item was among the candidates. */
  const retrieved = { of: 0, n: 0 }
  return {
    systems: ['ranker'],
    probabilistic: ['ranker'],
    async learn(sequence) {
      const event = interactionAt(events, sequence)
      if (rehearsal && learned === rehearsal.learned) live.serve(readFitted(rehearsal.files, itemIds))
      const thinned = rehearsal && learned < rehearsal.learned ? Math.max(every, EVERY_BEFORE_MODELS) : every
      if (learned++ % thinned === 0) {
        const scored = await live.example(event)
        const candidates = unseenCandidates(scored)
        const row = candidates.indexOf(events.item[sequence]!)
        retrieved.of++
        if (row >= 0) retrieved.n++
        if (row >= 0) learner.learn(reader.read(scored, candidates), row)
      }
      await live.push(event)
    },
    fit(index) {
      const files = fitted?.fits[index]
      if (files) live.serve(readFitted(files, itemIds))
    },
    // Also where another thread scores: when statistics are read must not depend on it.
    asked: () => live.catchUp(),
    async score({ user, at }, [into]) {
      const scored = await live.ask(events.userIds[user]!, at)
      // No probability, and counted as none.
      putBehind(scored, into!)
      const candidates = unseenCandidates(scored)
      rankCandidates(learner.parameters, reader.read(scored, candidates), logits)
      const share = retrieved.n / Math.max(1, retrieved.of)
      softmax(logits, candidates.length)
      for (let row = 0; row < candidates.length; row++) into![candidates[row]!] = share * logits[row]!
    },
  }
}
