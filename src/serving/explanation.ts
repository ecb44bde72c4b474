import type { Catalogue } from '../catalogue/catalogue.ts'
import type { Attention } from '../ranking/candidate-ranker.ts'
import type { Proposal } from '../retrieval/blend.ts'
import type { ItemIndex } from '../retrieval/online/item-index.ts'
import type { RequestContext } from '../retrieval/sources/candidate-source.ts'

/** What spoke for an item. */
export interface Explanation {
  /** The history items that spoke for it, strongest first; weights sum to at most 1. */
  readonly because: readonly NamedWeight[]
  /** What the blend added up; where a ranker ordered, what speaks for the item and against it, the strongest first. */
  readonly features: Readonly<Record<string, number>>
  /**
   * Where a ranker that attends over the history ordered: the history items that it attended to for this item, strongest
   * first. The shares of all history items sum to 1 by amount; a negative one speaks against the item.
   */
  readonly attention?: readonly NamedWeight[]
}

export interface NamedWeight {
  readonly itemId: string
  readonly title: string
  readonly weight: number
}

export interface ExplainedParts {
  /** Where a ranker ordered: what spoke for an item and against it. */
  readonly features?: (item: number) => Readonly<Record<string, number>>
  /** Where a ranker ordered that attends to the history: to which entries of it. */
  readonly attention?: (item: number) => readonly Attention[]
  /** The entry that speaks most for an item, of those. */
  readonly mostAttended?: (item: number) => Attention | undefined
  readonly context: RequestContext
  readonly proposals: readonly Proposal[]
  readonly items: ItemIndex
  readonly catalogue: Catalogue
}

/** @param item index of one that a source proposed */
export function explanationOf(item: number, parts: ExplainedParts): Explanation {
  const blend = parts.proposals.map((proposal): [string, number] => [proposal.source.name, proposal.contribution(item)])
  const total = blend.reduce((sum, [, part]) => sum + part, 0)
  const named = (entry: number, weight: number): NamedWeight => {
    const { item: earlier } = parts.context.history[entry]!
    return { itemId: parts.items.id(earlier), title: titleOf(earlier, parts), weight }
  }
  const because = parts.proposals.flatMap((proposal) => {
    const { scores } = proposal
    const from = scores.because(item)
    if (from < 0 || !(total > 0)) return []
    return [named(from, (proposal.contribution(item) * (scores.loudest(item) / scores.get(item))) / total)]
  })
  const features = parts.features?.(item) ?? Object.fromEntries(blend)
  const attention = parts.attention?.(item).map(({ entry, weight }) => named(entry, weight))
  return { because: because.sort((a, b) => b.weight - a.weight), features, ...(attention && { attention }) }
}

export function titleOf(item: number, { items, catalogue }: Pick<ExplainedParts, 'items' | 'catalogue'>): string {
  return catalogue.get(items.id(item))?.title ?? items.id(item)
}
