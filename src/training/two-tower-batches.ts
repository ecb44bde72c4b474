import type { ContentBag } from '../kernels/item-content.ts'
import { PROFILE_FEATURES } from '../kernels/profile-features.ts'
import { ageOf, FEATURES_A_USER, meaningOf, USER_FEATURES, userFeatures } from '../kernels/query-features.ts'
import type { TrainingSet } from '../models/training-set.ts'
import type { Random } from '../random.ts'
import type { CandidateBatch, QueryBatch } from './two-tower-model.ts'

export interface Example {
  readonly user: number
  /** Event that is to be predicted from those of the user before it. */
  readonly target: number
}

const MASKED = -1e9

/**
 * The histories before the examples' targets, and whose they are.
 * @param traits of all items, as `itemTraits` gives them
 * @param profiles by user: features that are read
 */
export function queryBatch(
  set: TrainingSet,
  examples: readonly Example[],
  window: number,
  traits: Float32Array,
  profiles: readonly Int32Array[],
): QueryBatch {
  const size = examples.length
  const items = new Int32Array(size * window)
  const meanings = new Int32Array(size * window)
  const ages = new Int32Array(size * window)
  const mask = new Float32Array(size * window).fill(MASKED)
  const features = new Float32Array(size * USER_FEATURES)
  const columns = new Int32Array(FEATURES_A_USER)
  const known = new Float32Array(size * PROFILE_FEATURES)
  const hasHistory = new Float32Array(size)
  examples.forEach(({ user, target }, row) => {
    const from = Math.max(set.starts[user]!, target - window)
    const askedAt = set.at[target]!
    for (let event = target - 1, at = row * window; event >= from; event--, at++) {
      items[at] = set.item[event]!
      meanings[at] = meaningOf(set, event)
      ages[at] = ageOf(set.at[event]!, set.at[target - 1]!)
      mask[at] = 0
    }
    userFeatures(set, from, target, askedAt, traits, columns)
    for (const column of columns) features[row * USER_FEATURES + column]! += 1
    for (const feature of profiles[user]!) known[row * PROFILE_FEATURES + feature] = 1
    hasHistory[row] = target > from ? 1 : 0
  })
  return { size, items, meanings, ages, mask, features, profiles: known, hasHistory }
}

/** What the catalogue says of items, by index: in as many features as it takes. */
export interface Content {
  readonly bags: readonly ContentBag[]
  readonly features: number
}

/** (items, features) */
export function contentRows(items: Int32Array, { bags, features: width }: Content): Float32Array {
  const rows = new Float32Array(items.length * width)
  items.forEach((item, row) => {
    const { features, weights } = bags[item]!
    features.forEach((feature, at) => {
      rows[row * width + feature] = weights[at]!
    })
  })
  return rows
}

export interface Negatives {
  /** Items drawn beside the targets, the same for all queries of the batch. */
  readonly drawn: Int32Array
  /** By item: how often it is expected among them. */
  readonly expected: Float32Array
}

/**
 * The targets of all queries and the items drawn beside them compete for each query: but for what its user had met by
 * then, which nobody asks for. What they met later competes, as what is held out does: were it spared, a user would be
 * known by what is never pushed away from them. What is left is corrected by how often it is expected in such a batch.
 *
 * @param shares by item: its share of all targets; undefined where nothing is to be corrected
 */
export function candidateBatch(
  set: TrainingSet,
  examples: readonly Example[],
  { drawn, expected }: Negatives,
  shares: Float32Array | undefined,
  content: Content,
  idDropout: number,
  random: Random,
): CandidateBatch {
  const columns = new Map<number, number>()
  const add = (item: number) => {
    const known = columns.get(item)
    if (known !== undefined) return known
    columns.set(item, columns.size)
    return columns.size - 1
  }
  const targets = Int32Array.from(examples, ({ target }) => add(set.item[target]!))
  for (const item of drawn) add(item)
  const items = Int32Array.from(columns.keys())
  const corrections = Float32Array.from(items, (item) =>
    shares ? -Math.log(chance(examples.length * shares[item]! + expected[item]!)) : 0,
  )
  const offsets = new Float32Array(examples.length * items.length)
  examples.forEach(({ user, target }, row) => {
    const from = row * items.length
    offsets.set(corrections, from)
    for (let event = set.starts[user]!; event < target; event++) {
      const column = columns.get(set.item[event]!)
      if (column !== undefined) offsets[from + column] = MASKED
    }
    offsets[from + targets[row]!] = 0
  })
  return {
    items,
    content: contentRows(items, content),
    knownIds: Float32Array.from(items, () => (random.uniform() < idDropout ? 0 : 1)),
    offsets,
    targets,
  }
}

/** Of being there at all, where `expected` copies are: candidates stand in a batch once. */
function chance(expected: number): number {
  return Math.max(1e-6, 1 - Math.exp(-expected))
}
