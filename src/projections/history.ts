import type { History } from '../state/values/history.ts'
import type { ItemSet } from '../state/values/item-set.ts'

/** An interaction in the terms of its partition: ordinals instead of names. */
export interface Visit {
  readonly item: number
  /** Index into KINDS. */
  readonly kind: number
  /** NaN where the interaction carried none. */
  readonly value: number
  readonly at: number
}

/**
 * Whether the same fact has been folded before, so that a log that was produced twice counts once: it is in the
 * history still, or it is older than all of a full history and its item is among those that fell out of it.
 */
export function isRepeated(visit: Visit, history: History, beyond: ItemSet): boolean {
  if (history.has(visit.item, visit.kind, visit.at)) return true
  return beyond.length > 0 && visit.at <= history.at(0) && beyond.has(visit.item)
}

/** Appends the visit; answers whether `beyond` has taken in what fell out of the history. */
export function remember(visit: Visit, history: History, beyond: () => ItemSet): void {
  const dropped = history.append(visit.item, visit.kind, visit.value, visit.at)
  if (dropped >= 0) beyond().add(dropped)
}

/** Visits of the same item that came after the history's entry at `index`. */
export function laterVisits(history: History, index: number, consumes: readonly boolean[]): number {
  let later = 0
  for (let i = index + 1; i < history.length; i++) {
    if (history.item(i) === history.item(index) && consumes[history.kind(i)]) later++
  }
  return later
}
