import type { Scored } from '../retrieval/retriever.ts'
import { recall } from './metrics.ts'
import { ranksOf, topOf } from './rank.ts'

/** Candidates taken of a source, and the cut-off of its recall. */
const CANDIDATES = 100

/** What each candidate source of the blend adds: sums over cases, columns by source. */
export interface Ablation {
  n: number
  /** Recall@100 of the blend. */
  blend: number
  /** Recall@100 of the source by itself. */
  readonly alone: Float64Array
  /** Recall@100 of the blend without it. */
  readonly without: Float64Array
  /** Share of the relevant items that the source alone has among its first 100. */
  readonly unique: Float64Array
  /** Candidates it proposed, at most 100 a case. */
  readonly proposed: Float64Array
  /** Candidates that two sources both proposed: row-major, sources by sources. */
  readonly overlap: Float64Array
}

export function emptyAblation(sources: number): Ablation {
  const column = () => new Float64Array(sources)
  return {
    n: 0,
    blend: 0,
    alone: column(),
    without: column(),
    unique: column(),
    proposed: column(),
    overlap: new Float64Array(sources ** 2),
  }
}

/** The best unseen candidates of each source. */
export function retrieve({ proposals }: Scored, unseen: Int32Array, scratch: Float64Array): number[][] {
  return proposals.map(({ scores }) => {
    for (let i = 0; i < unseen.length; i++) scratch[unseen[i]!] = scores.get(unseen[i]!)
    return topOf(CANDIDATES, unseen, scratch).filter((item) => scratch[item]! > 0)
  })
}

/** @param retrieved as `retrieve` gave it for the same case @param relevant item indexes */
export function addAblation(
  into: Ablation,
  { blended, proposals }: Scored,
  retrieved: readonly (readonly number[])[],
  relevant: readonly number[],
  unseen: Int32Array,
  scratch: Float64Array,
): void {
  into.n++
  const found = retrieved.map((items) => new Set(items))
  const finders = relevant.map((item) => found.filter((items) => items.has(item)).length)
  const recallOf = (score: (item: number) => number) => {
    for (let i = 0; i < unseen.length; i++) scratch[unseen[i]!] = score(unseen[i]!)
    return recall(ranksOf(relevant, unseen, scratch), CANDIDATES)
  }
  into.blend += recallOf((item) => blended.get(item))
  proposals.forEach((proposal, index) => {
    const has = relevant.map((item) => found[index]!.has(item))
    into.alone[index]! += share(has.filter(Boolean).length, relevant.length)
    into.unique[index]! += share(has.filter((hit, at) => hit && finders[at] === 1).length, relevant.length)
    into.without[index]! += recallOf((item) => blended.get(item) - proposal.contribution(item))
    into.proposed[index]! += found[index]!.size
    found.forEach((other, at) => {
      into.overlap[index * found.length + at]! += retrieved[index]!.filter((item) => other.has(item)).length
    })
  })
}

function share(part: number, whole: number): number {
  return part / whole
}
