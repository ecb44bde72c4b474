import type { TrainingSet } from '../models/training-set.ts'
import type { Events } from './events.ts'

/**
 * What has been learned so far as models are trained on it. Its vocabulary is the data's whole list of items, whose
 * indexes it keeps; of what has not been learned it has nothing else.
 *
 * @param learned by sequence number: 1 for events that have been learned
 */
export function trainingSetOf(events: Events, learned: Uint8Array): TrainingSet {
  const { userIds, users, itemIds } = events
  const starts = new Uint32Array(userIds.length + 1)
  for (let sequence = 0; sequence < events.size; sequence++) {
    if (learned[sequence] === 1) starts[events.user[sequence]! + 1]!++
  }
  for (let user = 0; user < userIds.length; user++) starts[user + 1]! += starts[user]!
  const size = starts[userIds.length]!
  const next = starts.slice()
  const set = {
    item: new Uint32Array(size),
    kind: new Uint8Array(size),
    value: new Float32Array(size),
    at: new Float64Array(size),
    place: new Int16Array(size).fill(-1),
    positionBias: 0,
  }
  let asOf = Number.NEGATIVE_INFINITY
  for (let sequence = 0; sequence < events.size; sequence++) {
    if (learned[sequence] === 0) continue
    const event = next[events.user[sequence]!]!++
    set.item[event] = events.item[sequence]!
    set.kind[event] = events.kind[sequence]!
    set.value[event] = events.value[sequence]!
    set.at[event] = events.at[sequence]!
    asOf = Math.max(asOf, events.at[sequence]!)
  }
  const known = new Map(events.catalogue.map((item) => [item.itemId, item]))
  const items = itemIds.map((itemId) => known.get(itemId))
  return { userIds, users, itemIds, items, starts, ...set, asOf }
}
