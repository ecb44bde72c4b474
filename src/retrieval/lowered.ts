import { KINDS } from '../events/kinds.ts'
import type { Kind } from '../events/types.ts'
import { Blend } from './blend.ts'
import type { RequestContext } from './sources/candidate-source.ts'
import { coVisitation } from './sources/co-visitation.ts'
import { itemCf } from './sources/item-cf.ts'

/** The newest entries that speak against something are asked. */
const ENTRIES = 3
/** From this share of what an item would score without it, an entry is named as what lowers it. */
const NAMED_SHARE = 0.1

export interface LoweredBy {
  /** Item index of the history entry. */
  readonly item: number
  readonly kind: Kind
}

/** Tells what of a history speaks against items: of what a user skipped or disliked, what goes with it is lowered. */
export class Lowered {
  readonly #blend = new Blend([coVisitation, itemCf])

  /**
   * @param score of an item, as blended
   * @param size item indexes given out so far
   */
  of(items: readonly number[], score: (item: number) => number, context: RequestContext, size: number) {
    const lowered = new Map<number, LoweredBy & { readonly by: number }>()
    for (const position of speakingAgainst(context)) {
      const influence = context.influence.map((one, at) => (at === position ? one : 0))
      const { blended } = this.#blend.run({ ...context, influence }, size)
      const { item: from, kind } = context.history[position]!
      for (const item of items) {
        const by = -blended.get(item)
        const counts = by > 0 && by >= NAMED_SHARE * (score(item) + by)
        if (counts && by > (lowered.get(item)?.by ?? 0)) lowered.set(item, { item: from, kind: KINDS[kind]!, by })
      }
    }
    return lowered as ReadonlyMap<number, LoweredBy>
  }
}

function speakingAgainst({ influence, rows }: RequestContext): number[] {
  return [...rows.keys()].filter((position) => influence[position]! < 0).slice(0, ENTRIES)
}
