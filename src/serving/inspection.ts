import type { Interaction } from '../events/types.ts'
import type { Explanation } from './explanation.ts'

/** How a user's recommendations came about and, where a target is named, why it is or is not among them. */
export interface Inspection {
  readonly userId: string
  /** The one model release that scored; `live` where no trained model takes part. */
  readonly release: string
  /** Stream time of the reading, ms. */
  readonly streamTime: number
  /** What could not be read; empty when nothing was missing. */
  readonly degraded: readonly string[]
  /** Newest first. */
  readonly history: readonly HistoryView[]
  /** Before any filter. */
  readonly sources: readonly (CandidateList & {
    /** What one unit of the source's score weighs in the blend. */
    readonly weight: number
  })[]
  /** Candidates that filters took away, by the first filter that did; best of the blend first. */
  readonly removed: readonly CandidateList[]
  /** What orders the candidates that are left, one after another: the last is the order served. */
  readonly stages: readonly CandidateList[]
  readonly target?: InspectedTarget
}

export type HistoryView = Pick<Interaction, 'itemId' | 'kind' | 'value' | 'at'> & { readonly title: string }

export interface CandidateList {
  /** Of a source, a filter or a stage. */
  readonly name: string
  /** How many there are, of which the list shows the first. */
  readonly candidates: number
  readonly best: readonly Candidate[]
}

export interface Candidate {
  readonly itemId: string
  readonly title: string
  /** From 1. */
  readonly rank: number
  readonly score: number
  /** The filter that takes it away. */
  readonly removedBy?: string
}

export type Verdict =
  /** The catalogue has no such item. */
  | 'unknown'
  /** No source proposes it. */
  | 'not-retrieved'
  /** A filter takes it away. */
  | 'removed'
  /** It is a candidate, but others come first. */
  | 'ranked-low'
  | 'recommended'

export interface InspectedTarget {
  readonly itemId: string
  readonly title: string
  readonly verdict: Verdict
  /** The verdict in one sentence for people. */
  readonly reason: string
  readonly removedBy?: string
  readonly sources: readonly (Place & {
    /** Of the blend's score, what this source adds. */
    readonly contribution: number
  })[]
  /** Of a target that a filter takes away: the place it would have. */
  readonly stages: readonly (Place & { readonly negatives: Negatives })[]
  /** What speaks for it; of what a source proposes only. */
  readonly explanation?: Explanation
}

export interface Place {
  /** Of a source or a stage. */
  readonly name: string
  /** From 1: one more than score higher; null for what is no candidate. */
  readonly rank: number | null
  /** Others of the same score. */
  readonly tied: number
  readonly score: number
  /** Candidates, the target included where it is one. */
  readonly of: number
}

/** The scores of items drawn evenly from what may be shown, the target left out. */
export interface Negatives {
  readonly n: number
  readonly mean: number
  readonly deviation: number
  readonly max: number
  /** Share of them that score lower, ties half: the chance that the model puts the target before a random item. */
  readonly beaten: number
}
