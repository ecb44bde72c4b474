// Sources over the models of the release in service. Without one they propose nothing.
import type { ModelName } from '../../models/model-trainer.ts'
import type { CandidateSource, RequestContext } from './candidate-source.ts'
import type { Scores } from './scores.ts'

const CANDIDATES = 300

// Weights are those of before a ranker has learned any: about what it comes to on ML-1M (docs/models.md).

/** What a causal transformer over the history expects next. */
export const sequence: CandidateSource = {
  name: 'sequence',
  weight: 2.7,
  section: 'Picked for what you do now',
  propose: (context, into) => proposeNearest('sequence', context, into),
}

/** What lies near the user in the space that the two towers share. */
export const twoTower: CandidateSource = {
  name: 'two-tower',
  weight: 1,
  section: 'Picked for you',
  propose: (context, into) => proposeNearest('two-tower', context, into),
}

/** What goes with the history by the release's neighbour lists. */
export const trainedItemCf: CandidateSource = {
  name: 'trained-item-cf',
  weight: 0.7,
  section: 'Similar to your taste',
  propose: (context, into) => context.release?.vote(context, (item, vote) => into.add(item, vote)),
}

/**
 * The nearest items, each with its share of all that is unseen among them: the softmax of the inner products, which is
 * what the models were trained to make probabilities of.
 */
function proposeNearest(name: ModelName, context: RequestContext, into: Scores): void {
  const { release, history } = context
  const found = release?.search(name, context, CANDIDATES)
  if (!found) return
  const { labels, scores } = found
  const met = new Set<number>()
  for (let i = 0; i < history.length; i++) met.add(history[i]!.item)
  const best = scores[0] ?? 0
  // By place; 0 for what the user has met.
  const powers = new Float64Array(labels.length)
  let total = 0
  for (let i = 0; i < labels.length; i++) {
    if (met.has(release!.item(labels[i]!))) continue
    powers[i] = Math.exp(scores[i]! - best)
    total += powers[i]!
  }
  for (let i = 0; i < labels.length; i++) {
    const item = release!.item(labels[i]!)
    if (!met.has(item)) into.add(item, powers[i]! / total)
  }
}
