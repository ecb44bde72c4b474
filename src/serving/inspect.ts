import type { Catalogue } from '../catalogue/catalogue.ts'
import { Random } from '../random.ts'
import { applyFilters, type Filter } from '../retrieval/filters.ts'
import type { ItemIndex } from '../retrieval/online/item-index.ts'
import type { Scored } from '../retrieval/retriever.ts'
import { type ExplainedParts, explanationOf } from './explanation.ts'
import type { Candidate, CandidateList, InspectedTarget, Inspection, Negatives, Place, Verdict } from './inspection.ts'

/** Random items that a target's scores are compared with. */
const NEGATIVES = 200
const SEED = 1

export interface InspectedParts {
  readonly scored: Scored
  readonly filters: readonly Filter[]
  /** What orders the kept candidates, one after another. */
  readonly stages: readonly Stage[]
  /** What is recommended. */
  readonly slate: Pick<ExplainedParts, 'features' | 'attention'> & { readonly items: readonly number[] }
  readonly items: ItemIndex
  readonly catalogue: Catalogue
  readonly target?: string
  /** Candidates shown of each list. */
  readonly k: number
}

/** A model that orders candidates: the blend, a ranker. */
export interface Stage {
  readonly name: string
  /** Item indexes. */
  readonly candidates: readonly number[]
  /** The model's scores of any items, in their order. */
  score(items: readonly number[]): ArrayLike<number>
}

/** What the sources propose, what filters take away and how what is left is ordered: all but who is asked about. */
export function inspect(parts: InspectedParts): Pick<Inspection, 'sources' | 'removed' | 'stages' | 'target'> {
  const { scored, filters, stages, target } = parts
  const { blended, proposals } = scored
  const { removed } = applyFilters(blended.items, filters)
  const blend = (item: number) => blended.get(item)
  return {
    sources: proposals.map(({ source, scores, weight }) => {
      const list = listOf(source.name, [...scores.items], (item) => scores.get(item), parts)
      return { ...list, weight }
    }),
    removed: Object.entries(removed).map(([name, found]) => listOf(name, found, blend, parts)),
    stages: stages.map((stage) => {
      const scores = scoresOf(stage, stage.candidates)
      return listOf(stage.name, stage.candidates, (item) => scores.get(item)!, parts)
    }),
    ...(target !== undefined && { target: inspectTarget(target, parts) }),
  }
}

function listOf(
  name: string,
  candidates: readonly number[],
  score: (item: number) => number,
  { items, catalogue, filters, k }: InspectedParts,
): CandidateList {
  const best = candidates.toSorted((a, b) => score(b) - score(a)).slice(0, k)
  return {
    name,
    candidates: candidates.length,
    best: best.map((item, index): Candidate => {
      const removedBy = filters.find((filter) => !filter.keeps(item))?.name
      return {
        itemId: items.id(item),
        title: catalogue.get(items.id(item))?.title ?? items.id(item),
        rank: index + 1,
        score: score(item),
        ...(removedBy !== undefined && { removedBy }),
      }
    }),
  }
}

function inspectTarget(itemId: string, parts: InspectedParts): InspectedTarget {
  const { scored, filters, stages, slate, items, catalogue } = parts
  const item = items.find(itemId)
  const known = catalogue.get(itemId)
  const removedBy = item < 0 ? undefined : filters.find((filter) => !filter.keeps(item))?.name
  const sources = scored.proposals.map((proposal) => {
    const { source, scores } = proposal
    const place = placeOf(item, [...scores.items], (other) => scores.get(other))
    return { name: source.name, ...place, contribution: item < 0 ? 0 : proposal.contribution(item) }
  })
  const negatives = sampleOf(item, parts)
  const isRetrieved = sources.some(({ rank }) => rank !== null)
  const placed = stages.map((stage) => {
    const isCandidate = isRetrieved && removedBy !== undefined ? [item] : []
    const candidates = [...stage.candidates, ...isCandidate]
    const scores = scoresOf(stage, [...candidates, ...negatives, ...(item < 0 ? [] : [item])])
    const place = placeOf(item, candidates, (other) => scores.get(other) ?? 0)
    const drawn = negatives.map((other) => scores.get(other)!)
    return { name: stage.name, ...place, negatives: against(place.score, drawn) }
  })
  const verdict = verdictOf(known !== undefined, isRetrieved, removedBy, slate.items.includes(item))
  const { context, proposals } = scored
  return {
    itemId,
    title: known?.title ?? itemId,
    verdict,
    reason: reasonOf(verdict, removedBy, placed, slate.items.length),
    ...(removedBy !== undefined && { removedBy }),
    sources,
    stages: placed,
    ...(isRetrieved && { explanation: explanationOf(item, { ...slate, context, proposals, items, catalogue }) }),
  }
}

function scoresOf(stage: Stage, items: readonly number[]): Map<number, number> {
  const scores = stage.score(items)
  return new Map(items.map((item, index) => [item, scores[index]!]))
}

function placeOf(item: number, candidates: readonly number[], score: (item: number) => number): Omit<Place, 'name'> {
  const own = item < 0 ? 0 : score(item)
  if (!candidates.includes(item)) return { rank: null, tied: 0, score: own, of: candidates.length }
  let [higher, equal] = [0, 0]
  for (const other of candidates) {
    if (score(other) > own) higher++
    else if (score(other) === own) equal++
  }
  return { rank: higher + 1, tied: equal - 1, score: own, of: candidates.length }
}

/** Items that no filter takes away, drawn without replacement: the same for the same state. */
function sampleOf(target: number, { items, filters }: InspectedParts): number[] {
  const free: number[] = []
  for (let item = 0; item < items.size; item++) {
    if (item !== target && filters.every((filter) => filter.keeps(item))) free.push(item)
  }
  return new Random(SEED).draw(free, NEGATIVES)
}

function against(own: number, scores: readonly number[]): Negatives {
  const n = scores.length
  if (n === 0) return { n, mean: 0, deviation: 0, max: 0, beaten: 0 }
  const mean = scores.reduce((sum, score) => sum + score, 0) / n
  const variance = scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / n
  const beaten = scores.reduce((sum, score) => sum + (score < own ? 1 : score === own ? 0.5 : 0), 0) / n
  return { n, mean, deviation: Math.sqrt(variance), max: Math.max(...scores), beaten }
}

function verdictOf(isKnown: boolean, isRetrieved: boolean, removedBy: string | undefined, isShown: boolean): Verdict {
  if (!isKnown) return 'unknown'
  if (removedBy !== undefined) return 'removed'
  if (!isRetrieved) return 'not-retrieved'
  return isShown ? 'recommended' : 'ranked-low'
}

const REMOVALS: Readonly<Record<string, string>> = {
  seen: 'the user has met it before',
  unavailable: 'the catalogue says that it is not available',
}

/** @param shown how many are recommended */
function reasonOf(verdict: Verdict, removedBy: string | undefined, places: readonly Place[], shown: number): string {
  if (verdict === 'unknown') return 'The catalogue has no such item: nothing can be recommended that it does not have.'
  if (verdict === 'removed') {
    return `The filter \`${removedBy}\` takes it away${REMOVALS[removedBy!] ? `: ${REMOVALS[removedBy!]}` : ''}.`
  }
  if (verdict === 'not-retrieved') {
    return 'No source proposes it: it neither goes with the history nor stands in a list of what is popular.'
  }
  const ranks = places.map(({ name, rank, of }) => `${rank === null ? 'left out' : `${rank} of ${of}`} by ${name}`)
  const ranked = `ranked ${ranks.join(', then ')}`
  if (verdict === 'ranked-low') return `It is a candidate, but ${ranked}, and ${shown} are shown.`
  const last = places.at(-1)?.rank ?? Number.POSITIVE_INFINITY
  return last <= shown ? `It is ${ranked}.` : `It is ${ranked}; of what is new, some are shown all the same.`
}
