import type { Events } from './events.ts'

/**
 * A protocol, worked out for one data set: what the systems learn and what they are asked, in order. All protocols are
 * such plans over the same systems, ranking and metrics.
 */
export interface Plan {
  readonly protocol: string
  /** The rules in a sentence or two, for the report. */
  readonly rules: string
  readonly events: Events
  /** Items that compete, by index, in the order of the data. */
  readonly catalogue: Int32Array
  /** Whether an item competes only from when someone has met it. */
  readonly onlyMet: boolean
  /** Of the split, for people. */
  readonly statistics: Readonly<Record<string, number>>
  /** Slices in the order of the report that stand for a whole, as opposed to those that cut one up. */
  readonly headlines: readonly string[]
  /** Look at lists and candidate sources, too, in one case in so many. */
  readonly detailEvery: number
  /** Whether every question has one relevant item, by which slices can then be cut. */
  readonly singleTarget: boolean
  /** Whether metrics are also reported by part of the stream; a case's id is then the sequence number it is asked at. */
  readonly timeline: boolean
  /**
   * The same asked within what the first fit learns, about events that this plan learns: on it a ranker learns what is
   * asked here. Where there is none it learns as the stream goes.
   */
  readonly rehearsal?: Plan
  /** Events learned, and cases predicted, by `steps`. */
  readonly learned: number
  readonly cases: number
  steps(): Iterable<Step>
}

export type Step =
  /** The event with that sequence number has happened. */
  | { readonly type: 'learn'; readonly sequence: number }
  /** Models are trained on everything that has happened. */
  | { readonly type: 'fit' }
  | { readonly type: 'predict'; readonly case: Case }

/** A user at a time, and what is asked about them. */
export interface Case {
  /** Names it within the plan. */
  readonly id: number
  readonly user: number
  /** Of the request, ms. */
  readonly at: number
  /** Sequence numbers of the events to be predicted: none may have been learned. */
  readonly targets: readonly number[]
  readonly questions: readonly Question[]
}

export interface Question {
  /** The whole it belongs to, and parts of it by their names. */
  readonly slices: readonly string[]
  /** Sequence numbers, among the case's targets, of events whose items are relevant. */
  readonly relevant: readonly number[]
  /** What is ranked: all unseen items, those the candidate sources of the blend retrieved, or a list. */
  readonly among: 'unseen' | 'retrieved' | Int32Array
}

export interface PlanOptions {
  /** Ask one case in so many. Everything is learned all the same. */
  readonly every: number
  readonly seed: number
  /** Of a stream: the share at its end that is asked about. Default 1, all of it. */
  readonly last?: number
  /** Of a stream: event time after which trained models are trained anew, ms; Infinity for never. Default a tenth of it. */
  readonly refreshMs?: number
}
