import type { Scored } from '../retrieval/retriever.ts'
import type { ItemContent } from './item-content.ts'

/** History entries that say what the user is doing now. */
export const RECENT = 5
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** Keeps the logarithm of a score that nobody got finite. */
const LEAST_SCORE = 1e-9
const MEAN_RATING = 3.5

/** What is the same for all candidates of a request: it matters through what it makes of their features. */
const CONTEXT_FEATURES = [
  'gap',
  'pace',
  'pace-of-five',
  'session-length',
  'history-length',
  'days-known',
  'mean-value',
  'value-variance',
  'last-value',
  'recent-value',
  'last-visits',
  'recent-visits',
  'mean-year',
  'recent-year',
] as const

/** Sources that know nothing of the user's history: their best is no more certain for one request than for another. */
const THE_SAME_FOR_ALL: ReadonlySet<string> = new Set(['fresh', 'favourite-genre', 'trending', 'popular'])

/** CONTEXT_FEATURES, then of each source that goes by the history how sure it is of its best candidate. */
export function contextNames(sources: readonly string[]): readonly string[] {
  const sure = sources.filter((source) => !THE_SAME_FOR_ALL.has(source))
  return [...CONTEXT_FEATURES, ...sure.map((source) => `best-${source}`)]
}

/**
 * @param into as `contextNames` of the sources of `scored.proposals` says
 * @param best greatest score of each source among the candidates
 */
export function readContext(scored: Scored, content: ItemContent, best: Float64Array, into: Float32Array): void {
  const { history, now, user, table } = scored.context
  const at = (position: number) => history[Math.min(position, history.length - 1)]?.at ?? now
  const recent = history.slice(0, RECENT)
  const values = recent.map(({ value }) => (Number.isNaN(value) ? MEAN_RATING : value))
  const logVisits = recent.map(({ item }) => Math.log1p(table.visits[item] ?? 0))
  const years = recent.map(({ item }) => content.year[item] ?? Number.NaN).filter((year) => !Number.isNaN(year))
  let session = 0
  while (session < history.length && now - history[session]!.at < HOUR_MS) session++
  const features = user?.features
  const numbers: Record<(typeof CONTEXT_FEATURES)[number], number> = {
    gap: logSeconds(now - at(0)),
    pace: logSeconds(at(0) - at(1)),
    'pace-of-five': logSeconds(at(0) - at(RECENT)),
    'session-length': Math.log1p(session),
    'history-length': Math.log1p(features?.count ?? history.length),
    'days-known': Math.log1p(Math.max(0, now - (features?.firstAt ?? now)) / DAY_MS),
    'mean-value': (features?.meanValue ?? MEAN_RATING) - MEAN_RATING,
    'value-variance': features?.valueVariance ?? 1,
    'last-value': (values[0] ?? MEAN_RATING) - MEAN_RATING,
    'recent-value': mean(values, MEAN_RATING) - MEAN_RATING,
    'last-visits': logVisits[0] ?? 0,
    'recent-visits': mean(logVisits, 0),
    'mean-year': decades(features?.meanYear),
    'recent-year': decades(years.length > 0 ? mean(years, 0) : undefined),
  }
  CONTEXT_FEATURES.forEach((name, column) => {
    into[column] = numbers[name]
  })
  let column: number = CONTEXT_FEATURES.length
  for (const [index, { source }] of scored.proposals.entries()) {
    if (!THE_SAME_FOR_ALL.has(source.name)) into[column++] = Math.log(LEAST_SCORE + best[index]!)
  }
}

function logSeconds(ms: number): number {
  return Math.log1p(Math.max(0, ms) / 1000)
}

function decades(year: number | null | undefined): number {
  return year === null || year === undefined ? 0 : (year - 1985) / 10
}

function mean(values: readonly number[], ofNone: number): number {
  return values.length === 0 ? ofNone : values.reduce((sum, value) => sum + value, 0) / values.length
}
