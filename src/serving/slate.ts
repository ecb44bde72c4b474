import type { Proposal } from '../retrieval/blend.ts'
import type { LoweredBy } from '../retrieval/lowered.ts'
import type { Scores } from '../retrieval/sources/scores.ts'
import { type ExplainedParts, explanationOf, titleOf } from './explanation.ts'
import type { SlateItem } from './recommender.ts'

/** From this share of an item's score on, one history item is named as its reason. */
const NAMED_SHARE = 0.4
/** How much more a contribution counts for the reason where its source can name what it goes by. */
const NAMING = 3

export interface SlateParts extends ExplainedParts {
  /** What an item was ordered by. */
  score(item: number): number
  readonly explain: boolean
  readonly lowered?: ReadonlyMap<number, LoweredBy>
}

/** Turns the best items, in their order, into what is shown: titles, sections, reasons, and where each came from. */
export function makeSlate(best: readonly number[], parts: SlateParts): SlateItem[] {
  const leading = best.map((item) => leadingOf(item, parts.proposals))
  const ranks = parts.proposals.map(({ scores }) => scores.ranksOf(best))
  return best.map((item, place) => {
    const itemId = parts.items.id(item)
    const known = parts.catalogue.get(itemId)
    const sources: SlateItem['sources'][number][] = []
    for (const [index, { source, scores }] of parts.proposals.entries()) {
      const score = scores.get(item)
      if (score > 0) sources.push({ name: source.name, rank: ranks[index]![place]!, score })
    }
    return {
      itemId,
      title: known?.title ?? itemId,
      ...(known?.year === undefined ? {} : { year: known.year }),
      ...(known?.genres === undefined ? {} : { genres: known.genres }),
      ...(known?.posterUrl === undefined ? {} : { posterUrl: known.posterUrl }),
      score: parts.score(item),
      ...reasonFor(item, leading[place], parts),
      sources: sources.sort((a, b) => a.rank - b.rank),
      ...loweredBy(item, parts),
      ...(parts.explain ? { explanation: explanationOf(item, parts) } : {}),
    }
  })
}

/**
 * The source that contributed most. One that claims what it proposes goes first, and one that can name the history entry
 * it goes by is worth more to people than one that cannot.
 */
function leadingOf(item: number, proposals: readonly Proposal[]): Proposal | undefined {
  let leading: Proposal | undefined
  let most = 0
  for (const proposal of proposals) {
    const contribution = proposal.contribution(item)
    if (contribution > 0 && proposal.source.claims) return proposal
    if (contribution <= 0) continue
    const worth = contribution * (proposal.scores.because(item) < 0 ? 1 : NAMING)
    if (worth > most) {
      most = worth
      leading = proposal
    }
  }
  return leading
}

/** The leading source says which section the item stands in, its loudest history entry why. */
function reasonFor(
  item: number,
  leading: Proposal | undefined,
  parts: SlateParts,
): { section: string; reason: string } {
  if (!leading) return { section: 'More to discover', reason: 'Something new to discover' }
  const { source, scores } = leading
  if (scores.because(item) < 0) return { section: source.section, reason: plainReason(source.name, item, parts) }
  const { entry, share } = loudestEntry(item, scores, parts)
  const title = titleOf(parts.context.history[entry]!.item, parts)
  if (share >= NAMED_SHARE) {
    return { section: `Because you watched ${title}`, reason: `Because you watched ${title}` }
  }
  return { section: source.section, reason: `Goes with ${title} and others you watched` }
}

/** The history entry that a ranker attended to most, where one did, else the one that spoke loudest in the source. */
function loudestEntry(item: number, scores: Scores, { mostAttended }: SlateParts): { entry: number; share: number } {
  const most = mostAttended?.(item)
  if (most) return { entry: most.entry, share: most.weight }
  return { entry: scores.because(item), share: scores.loudest(item) / scores.get(item) }
}

function plainReason(source: string, item: number, parts: SlateParts): string {
  if (source === 'trending') return 'Watched by many right now'
  if (source === 'sequence') return 'What often comes next after what you did'
  if (source === 'two-tower' || source === 'trained-item-cf') return 'Close to your taste'
  if (source === 'fresh') return 'New here, and close to your taste'
  if (source === 'favourite-genre') {
    const genres = parts.catalogue.get(parts.items.id(item))?.genres ?? []
    const favourite = parts.context.user?.genres.find(({ name }) => genres.includes(name))
    if (favourite) return `Popular in ${favourite.name}, a genre you like`
  }
  return 'Popular with everyone'
}

function loweredBy(item: number, parts: SlateParts): Pick<SlateItem, 'lowered'> {
  const by = parts.lowered?.get(item)
  if (!by) return {}
  return { lowered: { itemId: parts.items.id(by.item), title: titleOf(by.item, parts), kind: by.kind } }
}
