import { DECAY_LANDMARK_MS } from '../state/values/decay.ts'
import type { History } from '../state/values/history.ts'
import type { Neighbours } from '../state/values/neighbours.ts'

/** Earlier items of the user that count as visited together with the present one. */
export const CO_VISIT_WINDOW = 20

/**
 * Counts a visit together with the user's last CO_VISIT_WINDOW consumed items, weighing 1 / distance: on each
 * earlier item's row as visited after it, on the present item's row as visited before it.
 *
 * Forward decay (Cormode et al., ICDE 2009): an event weighs 2^((at - landmark) / half-life), so that counts only
 * ever grow, are the same in whatever batches or order they are added, and sum over partitions.
 *
 * @param history before the visit
 * @param consumes whether a kind (index into KINDS) is a visit
 * @param halfLifeMs of the counts in stream time; Infinity for counts that do not decay
 * @param row the counts of an item, to change
 */
export function countCoVisits(
  item: number,
  at: number,
  history: History,
  consumes: readonly boolean[],
  halfLifeMs: number,
  row: (item: number) => Neighbours,
): void {
  const weight = 2 ** ((at - DECAY_LANDMARK_MS) / halfLifeMs)
  let present: Neighbours | undefined
  let distance = 0
  for (let i = history.length - 1; i >= 0 && distance < CO_VISIT_WINDOW; i--) {
    if (!consumes[history.kind(i)]) continue
    distance++
    const earlier = history.item(i)
    if (earlier === item) continue
    row(earlier).add(item, weight / distance, 0)
    present ??= row(item)
    present.add(earlier, 0, weight / distance)
  }
}

/**
 * Takes back what `countCoVisits` counted for the history's entry at `index`: its pairs with the entries before it and
 * with those after it. The distances between other entries stay as they were counted.
 */
export function uncountCoVisits(
  history: History,
  index: number,
  consumes: readonly boolean[],
  halfLifeMs: number,
  row: (item: number) => Neighbours,
): void {
  const item = history.item(index)
  const weigh = (later: number) => 2 ** ((history.at(later) - DECAY_LANDMARK_MS) / halfLifeMs)
  for (const step of [-1, 1]) {
    let distance = 0
    for (let i = index + step; i >= 0 && i < history.length && distance < CO_VISIT_WINDOW; i += step) {
      if (!consumes[history.kind(i)]) continue
      distance++
      const other = history.item(i)
      if (other === item) continue
      const weight = weigh(Math.max(i, index)) / distance
      const [earlier, later] = step < 0 ? [other, item] : [item, other]
      row(earlier).subtract(later, weight, 0)
      row(later).subtract(earlier, 0, weight)
    }
  }
}

/** The items whose rows `countCoVisits` changes, beside the visited one's. */
export function coVisited(history: History, consumes: readonly boolean[]): number[] {
  const items: number[] = []
  for (let i = history.length - 1; i >= 0 && items.length < CO_VISIT_WINDOW; i--) {
    if (consumes[history.kind(i)]) items.push(history.item(i))
  }
  return items
}
