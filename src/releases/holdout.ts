import { DEFAULT_KINDS, KINDS } from '../events/kinds.ts'
import type { QueryHistory } from '../models/query-model.ts'
import type { TrainingSet } from '../models/training-set.ts'

/** Entries of a history that a query is made of, as many as the online state keeps. */
const HISTORY_LENGTH = 200

/** What the gate asks: after this history, which item came next? */
export interface HoldoutCase {
  /** Indexes of the vocabulary. */
  readonly history: QueryHistory
  readonly target: number
  readonly at: number
}

export interface Holdout {
  /** What is left to be trained on. */
  readonly set: TrainingSet
  /** Newest first. */
  readonly cases: readonly HoldoutCase[]
}

/**
 * Takes the latest interaction of each of the users who were there last, if it is one that takes the item: the newest
 * slice of the stream, unseen by what is trained on the rest and by every release before.
 */
export function holdOut(set: TrainingSet, maxCases: number): Holdout {
  const users = [...set.userIds.keys()].filter((user) => isCase(set, user))
  const last = (user: number) => set.at[set.starts[user + 1]! - 1]!
  const chosen = users.sort((a, b) => last(b) - last(a)).slice(0, maxCases)
  return { set: without(set, new Set(chosen)), cases: chosen.map((user) => caseOf(set, user)) }
}

function isCase({ starts, item, kind }: TrainingSet, user: number): boolean {
  const [start, end] = [starts[user]!, starts[user + 1]!]
  if (end - start < 2 || !DEFAULT_KINDS[KINDS[kind[end - 1]!]!].consumes) return false
  // Who meets an item again asks for nothing new.
  return !item.subarray(start, end - 1).includes(item[end - 1]!)
}

function caseOf({ users, starts, item, kind, value, at }: TrainingSet, user: number): HoldoutCase {
  const end = starts[user + 1]! - 1
  const start = Math.max(starts[user]!, end - HISTORY_LENGTH)
  return {
    history: {
      length: end - start,
      item: Int32Array.from(item.subarray(start, end)),
      kind: kind.slice(start, end),
      value: value.slice(start, end),
      at: at.slice(start, end),
      now: at[end]!,
      attributes: users[user]?.attributes,
    },
    target: item[end]!,
    at: at[end]!,
  }
}

/** The set without the last event of each of `users`. */
function without(set: TrainingSet, users: ReadonlySet<number>): TrainingSet {
  const size = set.item.length - users.size
  const starts = new Uint32Array(set.starts.length)
  const [item, kind] = [new Uint32Array(size), new Uint8Array(size)]
  const [value, at, place] = [new Float32Array(size), new Float64Array(size), new Int16Array(size)]
  let to = 0
  for (let user = 0; user + 1 < set.starts.length; user++) {
    const [from, end] = [set.starts[user]!, set.starts[user + 1]! - (users.has(user) ? 1 : 0)]
    item.set(set.item.subarray(from, end), to)
    kind.set(set.kind.subarray(from, end), to)
    value.set(set.value.subarray(from, end), to)
    at.set(set.at.subarray(from, end), to)
    place.set(set.place.subarray(from, end), to)
    to += end - from
    starts[user + 1] = to
  }
  return { ...set, starts, item, kind, value, at, place }
}
