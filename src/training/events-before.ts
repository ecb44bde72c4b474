import type { TrainingSet } from '../models/training-set.ts'

/** Event time before which about `share` of all events lie. */
export function timeAt(set: TrainingSet, share: number): number {
  const times = set.at.slice().sort()
  return times[Math.floor(share * times.length)] ?? set.asOf
}

/** The same users and vocabulary, of the events those before `time`. */
export function eventsBefore(set: TrainingSet, time: number): TrainingSet {
  const kept = new Uint32Array(set.at.keys()).filter((event) => set.at[event]! < time)
  const starts = new Uint32Array(set.starts.length)
  let asOf = Number.NEGATIVE_INFINITY
  for (let user = 0, next = 0; user + 1 < starts.length; user++) {
    while (next < kept.length && kept[next]! < set.starts[user + 1]!) next++
    starts[user + 1] = next
  }
  for (const event of kept) asOf = Math.max(asOf, set.at[event]!)
  return {
    ...set,
    starts,
    item: Uint32Array.from(kept, (event) => set.item[event]!),
    kind: Uint8Array.from(kept, (event) => set.kind[event]!),
    value: Float32Array.from(kept, (event) => set.value[event]!),
    at: Float64Array.from(kept, (event) => set.at[event]!),
    place: Int16Array.from(kept, (event) => set.place[event]!),
    asOf,
  }
}
