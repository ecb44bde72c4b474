import { addAblation, retrieve } from './ablation.ts'
import { addPrediction, emptyCalibration, mergeCalibration } from './calibration.ts'
import { addLatency, emptyLatencies } from './latency.ts'
import { intraListDiversity, meanPopularity, novelty } from './list-metrics.ts'
import { addMetrics, metricIndex, RANKING_METRICS } from './metrics.ts'
import type { Case, Plan, Question } from './plan.ts'
import { ranksOf, topOf } from './rank.ts'
import { slicesOf } from './slices.ts'
import { type LiveScorer, SOURCE_NAMES } from './systems/live.ts'
import type { Scorer } from './systems/scorer.ts'
import {
  emptyList,
  emptySlice,
  emptyTally,
  GAUC,
  type SliceTally,
  type Tally,
  TIMELINE_PARTS,
  type UserSums,
} from './tally.ts'
import type { World } from './world.ts'

/** Metrics that get a confidence interval. */
export const INTERVAL_METRICS = ['HR@10', 'NDCG@10', 'Recall@100', 'MRR'] as const
const INTERVALS = INTERVAL_METRICS.map(metricIndex)
const LIST_LENGTH = 10

export interface Examination {
  readonly plan: Plan
  readonly scorers: readonly Scorer[]
  /** The one of them whose candidate sources are looked into: not, where there is none. */
  readonly live?: LiveScorer
  readonly onAnswer?: (answer: Answer) => void
}

/** How the systems did on one question: what a dump holds. */
export interface Answer {
  readonly case: number
  readonly user: string
  readonly slices: readonly string[]
  readonly relevant: readonly string[]
  /** Items that were ranked. */
  readonly competing: number
  /** By system: ranks of the relevant items, ascending from 0, null for one that cannot be recommended. */
  readonly ranks: Readonly<Record<string, readonly (number | null)[]>>
  /** By system: the first ten, where they were looked at. */
  readonly top?: Readonly<Record<string, readonly string[]>>
}

/** Puts cases to the systems and keeps the tally. */
export class Examiner {
  readonly #options: Examination
  readonly #world: World
  readonly #systems: readonly string[]
  /** By system, in the order of the scorers. */
  readonly #scores: readonly Float64Array[]
  readonly #genres: readonly ReadonlySet<string>[]
  readonly #scratch: Float64Array
  readonly #metrics = new Float64Array(RANKING_METRICS.length)
  readonly tally: Tally

  constructor(options: Examination, world: World) {
    this.#options = options
    this.#world = world
    this.#systems = options.scorers.flatMap(({ systems }) => systems)
    const { itemIds, genres } = options.plan.events
    this.#scores = this.#systems.map(() => new Float64Array(itemIds.length))
    this.#genres = genres.map((names) => new Set(names))
    this.#scratch = new Float64Array(itemIds.length)
    const lists = Object.fromEntries(this.#systems.map((system) => [system, emptyList(itemIds.length)]))
    this.tally = { ...emptyTally(SOURCE_NAMES.length), lists }
  }

  async examine(asked: Case): Promise<void> {
    const { plan, scorers, live, onAnswer } = this.#options
    const history = this.#world.histories[asked.user]!
    const query = { id: asked.id, user: asked.user, at: asked.at, history }
    let first = 0
    for (const scorer of scorers) {
      const start = performance.now()
      const scored = scorer.score(query, this.#scores.slice(first, first + scorer.systems.length))
      if (scored) await scored
      this.#timed(scorer, performance.now() - start)
      first += scorer.systems.length
    }
    const unseen = this.#world.unseen(asked.user)
    const isDetailed = asked.id % plan.detailEvery === 0
    const needsRetrieval = isDetailed || asked.questions.some(({ among }) => among === 'retrieved')
    const retrieved = needsRetrieval && live ? retrieve(live.scored, unseen, this.#scratch) : []
    for (const [index, question] of asked.questions.entries()) {
      const relevant = this.#unmet(question)
      if (relevant.length === 0) {
        this.tally.repeated++
        continue
      }
      const competing = amongOf(question, unseen, retrieved)
      const ranks = this.#scores.map((scores) => ranksOf(relevant, competing, scores))
      if (question.among === 'retrieved' && ranks[0]![0] === Number.POSITIVE_INFINITY) {
        this.tally.notRetrieved++
        continue
      }
      const slices = slicesOf(asked, question, plan, this.#world)
      this.#count(asked, slices, ranks, competing.length)
      if (isDetailed) this.#calibrate(slices, relevant, competing)
      const tops = isDetailed && index === 0 ? this.#lists(competing) : undefined
      if (tops && live) addAblation(this.tally.ablation, live.scored, retrieved, relevant, unseen, this.#scratch)
      onAnswer?.(this.#answer(asked, slices, relevant, competing.length, ranks, tops))
    }
  }

  /** The relevant items, each once, but for those that the user has met before: nobody is recommended these. */
  #unmet({ relevant }: Question): number[] {
    const { item } = this.#options.plan.events
    return [...new Set(relevant.map((sequence) => item[sequence]!))].filter((index) => !this.#world.isSeen(index))
  }

  #count(asked: Case, slices: readonly string[], ranks: readonly number[][], competing: number): void {
    const { headlines, timeline, events } = this.#options.plan
    const relevant = ranks[0]!.length
    const tallies: SliceTally[] = slices.map((name) => {
      this.tally.slices[name] ??= emptySlice(this.#systems)
      return this.tally.slices[name]
    })
    if (timeline) tallies.push(this.#partOf(Math.floor((TIMELINE_PARTS * asked.id) / events.size)))
    for (const tally of tallies) {
      tally.n++
      tally.relevant += relevant
    }
    const users = slices.filter((name) => headlines.includes(name)).map((name) => this.#userSums(name, asked.user))
    for (const sums of users) sums.n++
    const metrics = this.#metrics
    this.#systems.forEach((system, index) => {
      metrics.fill(0)
      addMetrics(metrics, ranks[index]!, competing)
      metrics[GAUC]! *= relevant
      for (const { sums } of tallies) {
        const into = sums[system]!
        for (let metric = 0; metric < metrics.length; metric++) into[metric]! += metrics[metric]!
      }
      for (const { sums } of users) {
        for (let at = 0; at < INTERVALS.length; at++) sums[system]![at]! += metrics[INTERVALS[at]!]!
      }
    })
  }

  #timed({ systems }: Scorer, ms: number): void {
    const name = systems.join(', ')
    this.tally.latencies[name] ??= emptyLatencies()
    addLatency(this.tally.latencies[name], ms)
  }

  #calibrate(slices: readonly string[], relevant: readonly number[], competing: Int32Array): void {
    for (const system of this.#options.scorers.flatMap(({ probabilistic = [] }) => probabilistic)) {
      const scores = this.#scores[this.#systems.indexOf(system)]!
      const found = emptyCalibration()
      for (const item of competing) addPrediction(found, Math.max(0, scores[item]!), relevant.includes(item))
      this.tally.calibration[system] ??= {}
      const bySlice = this.tally.calibration[system]
      for (const slice of slices) {
        bySlice[slice] ??= emptyCalibration()
        mergeCalibration(bySlice[slice], found)
      }
    }
  }

  #partOf(part: number): SliceTally {
    while (this.tally.timeline.length <= part) this.tally.timeline.push(null)
    this.tally.timeline[part] ??= emptySlice(this.#systems)
    return this.tally.timeline[part]
  }

  #userSums(slice: string, user: number): UserSums {
    this.tally.users[slice] ??= new Map()
    const users = this.tally.users[slice]
    let found = users.get(user)
    if (!found) {
      const sums = this.#systems.map((system) => [system, new Float64Array(INTERVALS.length)])
      found = { n: 0, sums: Object.fromEntries(sums) }
      users.set(user, found)
    }
    return found
  }

  #lists(competing: Int32Array): number[][] {
    const { visits, users } = this.#world
    return this.#systems.map((system, index) => {
      const top = topOf(LIST_LENGTH, competing, this.#scores[index]!)
      const list = this.tally.lists[system]!
      list.n++
      list.diversity += intraListDiversity(top, this.#genres)
      list.novelty += novelty(top, visits, users)
      list.popularity += meanPopularity(top, visits, users)
      for (const item of top) list.shown[item]!++
      return top
    })
  }

  #answer(
    asked: Case,
    slices: readonly string[],
    relevant: readonly number[],
    competing: number,
    ranks: readonly number[][],
    tops: readonly number[][] | undefined,
  ): Answer {
    const { userIds, itemIds } = this.#options.plan.events
    const bySystem = <T>(value: (index: number) => T) =>
      Object.fromEntries(this.#systems.map((system, index) => [system, value(index)]))
    return {
      case: asked.id,
      user: userIds[asked.user]!,
      slices,
      relevant: relevant.map((item) => itemIds[item]!),
      competing,
      ranks: bySystem((index) => ranks[index]!.map((rank) => (Number.isFinite(rank) ? rank : null))),
      ...(tops && { top: bySystem((index) => tops[index]!.map((item) => itemIds[item]!)) }),
    }
  }
}

/** What is ranked, in the order of the data. */
function amongOf({ among }: Question, unseen: Int32Array, retrieved: readonly (readonly number[])[]): Int32Array {
  if (among === 'unseen') return unseen
  return among === 'retrieved' ? Int32Array.from(new Set(retrieved.flat())).sort() : among
}
