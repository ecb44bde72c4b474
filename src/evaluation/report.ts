import { Random } from '../random.ts'
import { bootstrapInterval, type Interval } from './bootstrap.ts'
import { type Calibration, expectedCalibrationError, reliability } from './calibration.ts'
import { INTERVAL_METRICS } from './examiner.ts'
import type { LearningCurve } from './fitted-models.ts'
import { type Latencies, latencyOf, latencyQuantile } from './latency.ts'
import { coverage } from './list-metrics.ts'
import { RANKING_METRICS } from './metrics.ts'
import type { Plan } from './plan.ts'
import { orderSlices } from './slices.ts'
import { SOURCE_NAMES } from './systems/live.ts'
import { SYSTEMS } from './systems/systems.ts'
import { GAUC, type ListTally, type SliceTally, type Tally } from './tally.ts'

type BySystem<T> = Readonly<Record<string, T>>

/** What `evaluate --json` writes. */
export interface Report {
  readonly protocol: string
  readonly data: string
  readonly seed: number
  /** One case in so many was asked. */
  readonly every: number
  /** The other options of the command that say what is measured, as they were given: ` --systems blend,ranker`. */
  readonly given?: string
  readonly rules: string
  readonly split: Readonly<Record<string, number>>
  readonly machine: string
  readonly seconds: number
  readonly slices: readonly {
    readonly name: string
    readonly n: number
    readonly systems: BySystem<Record<string, number>>
    /** 95 %, for slices that stand for a whole. */
    readonly intervals?: BySystem<Record<string, Interval>>
  }[]
  /** Of the first ten shown. */
  readonly lists: BySystem<Record<string, number>>
  readonly sources: readonly SourceReport[]
  /** By system that predicts probabilities: of the whole by bins, and the error of every slice. */
  readonly calibration?: BySystem<CalibrationReport>
  /** Of scoring the whole catalogue for one case, by the systems that are scored together. */
  readonly latencies?: BySystem<LatencyReport>
  /** Of the models that were trained for it. */
  readonly learning?: readonly LearningCurve[]
  readonly timeline: readonly {
    readonly part: number
    readonly n: number
    readonly systems: BySystem<Record<string, number>>
  }[]
}

export interface SourceReport {
  readonly name: string
  /** Recall@100 by itself, and of the blend without it; the share that it alone finds. */
  readonly alone: number
  readonly blendWithout: number
  readonly blend: number
  readonly unique: number
  /** Share of its candidates that each source proposes as well. */
  readonly overlap: Readonly<Record<string, number>>
}

export interface CalibrationReport {
  /** Expected calibration error by slice. */
  readonly error: Readonly<Record<string, number>>
  /** Of the first slice. */
  readonly bins: readonly { readonly n: number; readonly predicted: number; readonly actual: number }[]
}

export interface LatencyReport {
  readonly n: number
  readonly p50Ms: number
  readonly p90Ms: number
  readonly p99Ms: number
  /** Upper end, ms, and how many: such as have any. */
  readonly bins: readonly { readonly untilMs: number; readonly n: number }[]
}

export type Measured = Pick<Report, 'seed' | 'every' | 'given' | 'machine' | 'seconds' | 'learning'>

export function makeReport(plan: Plan, tally: Tally, measured: Measured): Report {
  const { seed, every, given = '', machine, seconds, learning = [] } = measured
  return {
    protocol: plan.protocol,
    data: plan.events.name,
    seed,
    every,
    given,
    machine,
    seconds,
    rules: plan.rules,
    split: {
      ...plan.statistics,
      ...(tally.repeated > 0 ? { 'events of items met before, left out': tally.repeated } : {}),
      ...(tally.notRetrieved > 0 ? { 'events of items not retrieved, left out': tally.notRetrieved } : {}),
    },
    slices: orderSlices(Object.keys(tally.slices), plan.headlines).map((name) => {
      const slice = tally.slices[name]!
      const users = tally.users[name]
      return {
        name,
        n: slice.n,
        systems: ordered(slice.sums, (system) => meansOf(slice, system)),
        ...(users && { intervals: intervalsOf(users, Object.keys(slice.sums), seed) }),
      }
    }),
    lists: ordered(tally.lists, (system) => listMetrics(tally.lists[system]!, plan)),
    sources: sourceReports(tally),
    ...(Object.keys(tally.calibration).length > 0 && {
      calibration: mapValues(tally.calibration, (bySlice) => calibrationReport(bySlice, plan)),
    }),
    ...(learning.length > 0 && { learning }),
    latencies: mapValues(tally.latencies, latencyReport),
    timeline: tally.timeline.flatMap((slice, part) =>
      slice ? [{ part, n: slice.n, systems: ordered(slice.sums, (system) => pick(meansOf(slice, system))) }] : [],
    ),
  }
}

function mapValues<V, T>(values: Readonly<Record<string, V>>, to: (value: V) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, to(value)]))
}

function calibrationReport(bySlice: Readonly<Record<string, Calibration>>, { headlines }: Plan): CalibrationReport {
  const names = orderSlices(Object.keys(bySlice), headlines)
  return {
    error: Object.fromEntries(names.map((name) => [name, expectedCalibrationError(bySlice[name]!)])),
    bins: reliability(bySlice[names[0]!]!),
  }
}

function latencyReport(latencies: Latencies): LatencyReport {
  return {
    n: latencies.reduce((sum, count) => sum + count, 0),
    p50Ms: latencyQuantile(latencies, 0.5),
    p90Ms: latencyQuantile(latencies, 0.9),
    p99Ms: latencyQuantile(latencies, 0.99),
    bins: Array.from(latencies, (n, bin) => ({ untilMs: latencyOf(bin), n })).filter(({ n }) => n > 0),
  }
}

function ordered<T>(values: Readonly<Record<string, unknown>>, of: (system: string) => T): Record<string, T> {
  return Object.fromEntries(SYSTEMS.filter((system) => values[system]).map((system) => [system, of(system)]))
}

function meansOf({ n, relevant, sums }: SliceTally, system: string): Record<string, number> {
  return Object.fromEntries(
    RANKING_METRICS.map((name, index) => [name, sums[system]![index]! / (index === GAUC ? relevant : n)]),
  )
}

/** The metrics that are worth a line over time. */
function pick(metrics: Record<string, number>): Record<string, number> {
  return Object.fromEntries(INTERVAL_METRICS.map((name) => [name, metrics[name]!]))
}

function intervalsOf(
  byUser: Tally['users'][string],
  systems: readonly string[],
  seed: number,
): Record<string, Record<string, Interval>> {
  // In an order that does not depend on which thread met whom first.
  const users = [...byUser].sort(([a], [b]) => a - b).map(([, sums]) => sums)
  const counts = users.map(({ n }) => n)
  return Object.fromEntries(
    SYSTEMS.filter((system) => systems.includes(system)).map((system) => [
      system,
      Object.fromEntries(
        INTERVAL_METRICS.map((metric, index) => {
          const sums = users.map(({ sums: bySystem }) => bySystem[system]![index]!)
          return [metric, bootstrapInterval(sums, counts, new Random(seed))]
        }),
      ),
    ]),
  )
}

function listMetrics({ n, diversity, novelty, popularity, shown }: ListTally, plan: Plan): Record<string, number> {
  return {
    'Coverage@10': coverage(shown, plan.catalogue.length),
    'Diversity@10': diversity / n,
    'Novelty@10': novelty / n,
    'Popularity@10': popularity / n,
  }
}

function sourceReports({ ablation }: Tally): SourceReport[] {
  const { n, blend, alone, without, unique, proposed, overlap } = ablation
  if (n === 0) return []
  return SOURCE_NAMES.map((name, index) => ({
    name,
    alone: alone[index]! / n,
    blendWithout: without[index]! / n,
    blend: blend / n,
    unique: unique[index]! / n,
    overlap: Object.fromEntries(
      SOURCE_NAMES.map((other, at) => [other, overlap[index * SOURCE_NAMES.length + at]! / (proposed[index]! || 1)]),
    ),
  }))
}

/** Readable as text: one line for what belongs together, eight decimals. */
export function reportJson(report: Report): string {
  const round = (_: string, value: unknown) => (typeof value === 'number' ? Number(value.toFixed(8)) : value)
  const spread = JSON.stringify(report, round, 1)
  return `${spread.replace(/[{[]\n\s+[^{}[\]]*\n\s+[}\]]/g, (inner) => inner.replace(/\n\s+/g, ' '))}\n`
}
