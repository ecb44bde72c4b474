// Sources over the models of the release in service. Without one they propose nothing.
import type { ModelName } from '../../models/model-trainer.ts'
import type { CandidateSource, RequestContext } from './candidate-source.ts'

const CANDIDATES = 300

// Weights are those of before a ranker has learned any: about what it comes to on ML-1M (docs/models.md).

/** What a causal transformer over the history expects next. */
export const sequence: CandidateSource = {
  name: 'sequence',
  weight: 2.7,
  section: 'Picked for what you do now',
  propose: (context, into) => proposeNearest('sequence', context, (item, share) => into.add(item, share)),
}

/** What lies near the user in the space that the two towers share. */
export const twoTower: CandidateSource = {
  name: 'two-tower',
  weight: 1,
  section: 'Picked for you',
  propose: (context, into) => proposeNearest('two-tower', context, (item, share) => into.add(item, share)),
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
function proposeNearest(name: ModelName, context: RequestContext, add: (item: number, share: number) => void): void {
  const { release, history } = context
  const found = release?.search(name, context, CANDIDATES)
  if (!found) return
  const { labels, scores } = found
  const met = new Set(history.map(({ item }) => item))
  const best = scores[0] ?? 0
  const items: number[] = []
  const powers: number[] = []
  let total = 0
  for (const [i, label] of labels.entries()) {
    const item = release!.item(label)
    if (met.has(item)) continue
    const power = Math.exp(scores[i]! - best)
    total += power
    items.push(item)
    powers.push(power)
  }
  for (const [i, item] of items.entries()) add(item, powers[i]! / total)
}
