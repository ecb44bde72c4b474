import { type Ablation, emptyAblation } from './ablation.ts'
import { type Calibration, emptyCalibration, mergeCalibration } from './calibration.ts'
import { emptyLatencies, type Latencies } from './latency.ts'
import { RANKING_METRICS } from './metrics.ts'

/** Everything that is counted while cases are predicted. Plain data, so that the tallies of threads can be added up. */
export interface Tally {
  readonly slices: Record<string, SliceTally>
  /** By user, for intervals: only of the slices that stand for a whole. */
  readonly users: Record<string, Map<number, UserSums>>
  readonly lists: Record<string, ListTally>
  /** By part of the stream; empty where time does not pass. */
  readonly timeline: (SliceTally | null)[]
  readonly ablation: Ablation
  /** By system that predicts probabilities, then by slice. */
  readonly calibration: Record<string, Record<string, Calibration>>
  /** Of scoring the whole catalogue, by the systems that are scored together. */
  readonly latencies: Record<string, Latencies>
  /** Questions that were not asked, since the user had met the items before. */
  repeated: number
  /** Questions among retrieved items that were not asked, since the relevant one was not retrieved. */
  notRetrieved: number
}

/** Sums over questions, from which every ranking metric follows as a mean. */
export interface SliceTally {
  n: number
  /** Relevant items over all questions: what GAUC is weighted by. */
  relevant: number
  /** By system, in the order of RANKING_METRICS; AUC times relevant items. */
  readonly sums: Record<string, Float64Array>
}

/** One user's questions: metrics summed by system, in the order of INTERVAL_METRICS. */
export interface UserSums {
  n: number
  readonly sums: Record<string, Float64Array>
}

/** Of the first ten recommended. */
export interface ListTally {
  n: number
  diversity: number
  novelty: number
  popularity: number
  /** Times shown, by item. */
  readonly shown: Uint32Array
}

/** Parts of the stream that a timeline has. */
export const TIMELINE_PARTS = 50
export const GAUC = RANKING_METRICS.indexOf('GAUC')

export function emptySlice(systems: readonly string[]): SliceTally {
  const sums = Object.fromEntries(systems.map((system) => [system, new Float64Array(RANKING_METRICS.length)]))
  return { n: 0, relevant: 0, sums }
}

export function emptyTally(sources: number): Tally {
  const ablation = emptyAblation(sources)
  const counts = { repeated: 0, notRetrieved: 0 }
  return { slices: {}, users: {}, lists: {}, timeline: [], ablation, calibration: {}, latencies: {}, ...counts }
}

export function emptyList(items: number): ListTally {
  return { n: 0, diversity: 0, novelty: 0, popularity: 0, shown: new Uint32Array(items) }
}

/** Adds another share's tally. */
export function mergeTally(into: Tally, other: Tally): void {
  for (const [name, slice] of Object.entries(other.slices)) into.slices[name] = merged(into.slices[name], slice)
  for (const [name, users] of Object.entries(other.users)) {
    into.users[name] ??= new Map()
    for (const [user, sums] of users) addUser(into.users[name], user, sums)
  }
  for (const [system, list] of Object.entries(other.lists)) {
    const mine = into.lists[system]
    if (mine) addList(mine, list)
    else into.lists[system] = list
  }
  other.timeline.forEach((part, index) => {
    into.timeline[index] = part ? merged(into.timeline[index] ?? undefined, part) : (into.timeline[index] ?? null)
  })
  for (const [system, bySlice] of Object.entries(other.calibration)) {
    into.calibration[system] ??= {}
    for (const [slice, calibration] of Object.entries(bySlice)) {
      into.calibration[system][slice] ??= emptyCalibration()
      mergeCalibration(into.calibration[system][slice], calibration)
    }
  }
  for (const [systems, latencies] of Object.entries(other.latencies)) {
    into.latencies[systems] ??= emptyLatencies()
    addColumns(into.latencies[systems], latencies)
  }
  into.repeated += other.repeated
  into.notRetrieved += other.notRetrieved
  mergeAblation(into.ablation, other.ablation)
}

function merged(into: SliceTally | undefined, other: SliceTally): SliceTally {
  if (!into) return other
  into.n += other.n
  into.relevant += other.relevant
  for (const [system, sums] of Object.entries(other.sums)) addColumns(into.sums[system]!, sums)
  return into
}

function addUser(into: Map<number, UserSums>, user: number, other: UserSums): void {
  const mine = into.get(user)
  if (!mine) {
    into.set(user, other)
    return
  }
  mine.n += other.n
  for (const [system, sums] of Object.entries(other.sums)) addColumns(mine.sums[system]!, sums)
}

function addList(into: ListTally, other: ListTally): void {
  into.n += other.n
  into.diversity += other.diversity
  into.novelty += other.novelty
  into.popularity += other.popularity
  addColumns(into.shown, other.shown)
}

function mergeAblation(into: Ablation, other: Ablation): void {
  into.n += other.n
  into.blend += other.blend
  for (const column of ['alone', 'without', 'unique', 'proposed', 'overlap'] as const) {
    addColumns(into[column], other[column])
  }
}

function addColumns(into: Float64Array | Uint32Array, other: Float64Array | Uint32Array): void {
  for (let i = 0; i < into.length; i++) into[i]! += other[i]!
}
