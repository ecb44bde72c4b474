import { innerProduct } from '../inner-product.ts'
import type { TrainingSet } from '../models/training-set.ts'
import type { Random } from '../random.ts'

/** Users whose last event is kept from training. */
const MOST_USERS = 1000
const SHARE = 0.1
/** Scores worked out by one validation, at most. */
const MOST_SCORES = 8e6

export interface Holdout {
  readonly users: readonly number[]
  /** Of all users: the event after the last one that is trained on. */
  readonly ends: Uint32Array
}

/** Keeps the last events of some users from training: what these did next is what a model is judged by on the way. */
export function holdOut(set: TrainingSet, random: Random, mostUsers = MOST_USERS): Holdout {
  const ends = set.starts.slice(1)
  const candidates: number[] = []
  for (let user = 0; user < set.userIds.length; user++) {
    if (ends[user]! - set.starts[user]! >= 3) candidates.push(user)
  }
  const wanted = Math.min(
    mostUsers,
    Math.floor(SHARE * candidates.length),
    Math.ceil(MOST_SCORES / Math.max(1, set.itemIds.length)),
  )
  const users = random.draw(candidates, wanted).sort((a, b) => a - b)
  for (const user of users) ends[user]!--
  return { users, ends }
}

/**
 * Full ranking of the held-out items, what the user has met left out, ties counted half.
 *
 * @param queries (users, dimensions), in the order of the holdout
 * @param items (items, dimensions)
 */
export function rankHoldout(
  set: TrainingSet,
  { users, ends }: Holdout,
  queries: Float32Array,
  items: Float32Array,
): Record<string, number> {
  const count = set.itemIds.length
  const dimensions = items.length / count
  const seenBy = new Int32Array(count).fill(-1)
  const sums = { 'HR@10': 0, 'NDCG@10': 0, 'Recall@100': 0 }
  users.forEach((user, row) => {
    for (let event = set.starts[user]!; event < ends[user]!; event++) seenBy[set.item[event]!] = row
    const query = queries.subarray(row * dimensions, (row + 1) * dimensions)
    const target = set.item[ends[user]!]!
    const own = innerProduct(items, target * dimensions, query, 0, query.length)
    let rank = 0
    for (let item = 0; item < count; item++) {
      if (item === target || seenBy[item] === row) continue
      const score = innerProduct(items, item * dimensions, query, 0, query.length)
      if (score > own) rank++
      else if (score === own) rank += 0.5
    }
    if (rank < 10) {
      sums['HR@10']++
      sums['NDCG@10'] += 1 / Math.log2(Math.floor(rank) + 2)
    }
    if (rank < 100) sums['Recall@100']++
  })
  const n = Math.max(1, users.length)
  return Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, sum / n]))
}
