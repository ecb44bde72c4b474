import { CoOccurrence } from '../../training/co-occurrence.ts'
import { ease } from '../../training/ease.ts'
import type { Events } from '../events.ts'
import { HistorySums, type HistoryWeights } from './history-sums.ts'
import type { Scorer } from './scorer.ts'

const WHOLE: HistoryWeights = { window: Number.POSITIVE_INFINITY, decay: 1 }

/** Models of item to item, trained on all that has been learned, over the whole of a history or its end. */
const MODELS: readonly { name: string; train: (counts: CoOccurrence) => Float32Array; recent: HistoryWeights }[] = [
  { name: 'item-cf', train: cosine, recent: { window: 20, decay: 0.8 } },
  { name: 'ease', train: ease, recent: { window: 30, decay: 0.9 } },
]

/** Scores an item by how much it goes with the items of the history, as of the last training. */
export function itemSimilarity(events: Events): Scorer {
  const counts = new CoOccurrence(events.userIds.length, events.itemIds.length)
  const models = MODELS.map(({ train, recent }) => ({
    train,
    rows: new Float32Array(0) as Float32Array,
    sums: [new HistorySums(WHOLE), new HistorySums(recent)],
  }))
  return {
    systems: MODELS.flatMap(({ name }) => [name, `${name}/recent`]),
    learn(sequence) {
      counts.learn(events.user[sequence]!, events.item[sequence]!)
    },
    fit() {
      for (const model of models) {
        model.rows = model.train(counts)
        for (const sums of model.sums) sums.clear()
      }
    },
    score({ user, history }, into) {
      let at = 0
      for (const { rows, sums } of models) {
        for (const sum of sums) {
          if (rows.length > 0) into[at]!.set(sum.of(user, history, rows, counts.items))
          else into[at]!.fill(0)
          at++
        }
      }
    },
  }
}

/** Cosine of two items' users, one more in each norm so that rare items do not look alike by chance. */
function cosine(counts: CoOccurrence): Float32Array {
  const { items, visits } = counts
  const rows = new Float32Array(items ** 2)
  for (let a = 0; a < items; a++) {
    for (let b = 0; b < a; b++) {
      const similarity = counts.both(a, b) / Math.sqrt((visits[a]! + 1) * (visits[b]! + 1))
      rows[a * items + b] = similarity
      rows[b * items + a] = similarity
    }
  }
  return rows
}
