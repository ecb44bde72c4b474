import { DEFAULT_KINDS, KINDS } from '../events/kinds.ts'
import { CONTEXT_COLUMNS, CONTEXTS_AN_EVENT, contextOf, gapBucket } from '../kernels/event-context.ts'
import type { TrainingSet } from '../models/training-set.ts'
import type { Random } from '../random.ts'
import type { SequenceBatch } from './sequence-model.ts'

/** Events `from` to `to` - 1 are inputs; the target of each is the event after it. */
export interface Window {
  readonly from: number
  readonly to: number
}

const IS_TARGET = KINDS.map((kind) => DEFAULT_KINDS[kind].consumes)

/**
 * Cuts every user's events up to `ends` into windows, the cuts moved by chance, and puts windows of about one length
 * together, so that little is padded: the batches of one epoch, in random order.
 *
 * @param ends by user: the event after the last target
 */
export function epochOf(
  set: TrainingSet,
  ends: Uint32Array,
  window: number,
  batchSize: number,
  random: Random,
  since = Number.NEGATIVE_INFINITY,
): Window[][] {
  const windows: Window[] = []
  for (let user = 0; user < ends.length; user++)
    cut(set, set.starts[user]!, ends[user]!, window, random, since, windows)
  random.shuffle(windows)
  windows.sort((a, b) => a.to - a.from - (b.to - b.from))
  const batches: Window[][] = []
  for (let from = 0; from < windows.length; from += batchSize) batches.push(windows.slice(from, from + batchSize))
  random.shuffle(batches)
  return batches
}

function cut(
  set: TrainingSet,
  start: number,
  end: number,
  window: number,
  random: Random,
  since: number,
  into: Window[],
): void {
  // The last event is a target alone. The newest window is of chance length, so that cuts move from epoch to epoch.
  let to = end - 1
  for (let length = window - random.below(Math.ceil(window / 2)); to > start; length = window) {
    if (set.at[to]! <= since) return
    into.push({ from: Math.max(start, to - length), to })
    to -= length
  }
}

export function batchOf(set: TrainingSet, windows: readonly Window[], isQuery = false): SequenceBatch {
  const size = windows.length
  const length = Math.max(...windows.map(({ from, to }) => to - from))
  const items = new Int32Array(size * length)
  const contexts = new Float32Array(size * length * CONTEXT_COLUMNS)
  const columns = new Int32Array(CONTEXTS_AN_EVENT)
  const ages = new Int32Array(size * length * length)
  const positions: number[] = []
  const targets: number[] = []
  windows.forEach(({ from, to }, row) => {
    for (let event = from; event < to; event++) {
      const position = row * length + event - from
      items[position] = set.item[event]!
      contextOf(set, event, event === from, set.at[event + 1]!, columns, 0)
      for (const column of columns) contexts[position * CONTEXT_COLUMNS + column] = 1
      for (let earlier = from; earlier < event; earlier++) {
        ages[position * length + earlier - from] = gapBucket(set.at[event]! - set.at[earlier]!)
      }
      if (isQuery ? event < to - 1 : !IS_TARGET[set.kind[event + 1]!]) continue
      positions.push(position)
      targets.push(set.item[event + 1]!)
    }
  })
  return {
    size,
    length,
    items,
    contexts,
    ages,
    positions: Int32Array.from(positions),
    targets: Int32Array.from(targets),
  }
}
