import { LinearAlgebra, padded } from '../kernels/linear-algebra.ts'
import type { NeighbourRow } from '../retrieval/online/neighbour-row.ts'
import type { HistoryEntry } from '../retrieval/online/online-state.ts'
import type { Scored } from '../retrieval/retriever.ts'
import type { RequestContext } from '../retrieval/sources/candidate-source.ts'
import { ROW_EXPONENT, ROW_OFFSET } from '../retrieval/sources/neighbour-scores.ts'
import { NEIGHBOUR_WORDS } from '../state/values/neighbours.ts'
import { contextNames, RECENT, readContext } from './context-features.ts'
import { countBits, type ItemContent, overlap } from './item-content.ts'
import { readTowers, TOWER_FEATURES } from './tower-features.ts'

/** Of the best score, what one of nothing counts as: logarithms stay finite, and -7 is far behind. */
const FLOOR = 1e-3
const LOG_FLOOR = Math.log(FLOOR)
const NOTHING = new Float64Array(0)
const [AFTER, BEFORE] = [1, 2]
/** History entries whose co-visits are features of their own, and which word of them: in the order of the features. */
const CO_VISITS = [
  [0, AFTER],
  [1, AFTER],
  [2, AFTER],
  [0, BEFORE],
  [1, BEFORE],
] as const
/** Sources that remember which history entry spoke loudest. */
const WITH_LOUDEST: ReadonlySet<string> = new Set(['co-visitation', 'item-cf', 'session-knn'])
/** Ratings of MEAN_RATING that every item is given on top of its own. */
const PRIOR_RATINGS = 10
const MEAN_RATING = 3.5

const ITEM_FEATURES = [
  'blend',
  'co-visits-1',
  'co-visits-2',
  'co-visits-3',
  'co-visits-before-1',
  'co-visits-before-2',
  'visits',
  'popularity',
  'trend',
  'mean-rating',
  'year',
  'year-from-last',
  'year-from-recent',
  'visits-from-recent',
  'genre-preference',
  'genres-of-last',
  'genres-of-recent',
] as const
const columnOf = (name: (typeof ITEM_FEATURES)[number]) => ITEM_FEATURES.indexOf(name)
const VISITS = columnOf('visits')
const RATING = columnOf('mean-rating')
const VISITS_FROM_RECENT = columnOf('visits-from-recent')
/** With those after it, which compare with the last and the recent items. */
const YEAR = columnOf('year')
const GENRE_PREFERENCE = columnOf('genre-preference')

/** Of a feature that is the logarithm of a score relative to the best: that relation, 0 to 1. */
export function relative(feature: number): number {
  return feature > LOG_FLOOR ? Math.max(0, Math.exp(feature) - FLOOR) : 0
}

/** The features of a list of candidates. Owned by the reader that made it, valid until its next call. */
export interface FeatureTable {
  readonly candidates: readonly number[]
  /** (candidates, features), row by row: as they are, neither centred nor scaled. */
  readonly items: Float32Array
  readonly context: Float32Array
}

/**
 * Computes what a ranker sees, from what retrieval has read and scored: the one code for serving, training and
 * evaluation. Every candidate source is a feature, by its name, and with it how sure it is of its best.
 */
export class FeatureReader {
  readonly #content: ItemContent
  readonly #sources: readonly string[]
  readonly #loudest: readonly number[]
  readonly names: readonly string[]
  readonly contextNames: readonly string[]
  #algebra = new LinearAlgebra(0, 0)
  #items: Float32Array = new Float32Array(0)
  readonly #context: Float32Array
  readonly #best: Float64Array
  #last: { readonly scored: Scored; readonly table: FeatureTable } | undefined
  /** By candidate: scratch for a column. */
  #scores: Float64Array = new Float64Array(0)
  /** By item index: scratch for the co-visits of one history entry. */
  #together = new Float64Array(0)

  /** @param sources names of the candidate sources, in the order of their proposals */
  constructor(sources: readonly string[], content: ItemContent) {
    this.#content = content
    this.#sources = sources
    this.#loudest = sources.flatMap((name, source) => (WITH_LOUDEST.has(name) ? [source] : []))
    this.names = [
      ...ITEM_FEATURES,
      ...sources,
      ...this.#loudest.map((source) => `loudest-${sources[source]}`),
      ...TOWER_FEATURES,
    ]
    this.contextNames = contextNames(sources)
    this.#context = new Float32Array(this.contextNames.length)
    this.#best = new Float64Array(sources.length)
  }

  /** The same list of the same request, asked for again, costs nothing. */
  read(scored: Scored, candidates: readonly number[]): FeatureTable {
    const last = this.#last
    if (last?.scored !== scored || !isSame(last.table.candidates, candidates)) {
      this.#last = { scored, table: this.#read(scored, candidates) }
    }
    return this.#last!.table
  }

  #read(scored: Scored, candidates: readonly number[]): FeatureTable {
    const width = this.names.length
    if (this.#scores.length < candidates.length) this.#makeRoom(candidates.length)
    const items = this.#items.subarray(0, candidates.length * width)
    this.#readPopularity(scored, candidates, items)
    this.#readVisits(scored.context, candidates, items)
    this.#readYears(scored.context, candidates, items)
    this.#readGenres(scored.context, candidates, items)
    this.#readCoVisits(scored, candidates, items)
    this.#readSources(scored, candidates, items)
    readTowers(scored.context, candidates, items, width)
    readContext(scored, this.#content, this.#best, this.#context)
    return { candidates, items, context: this.#context }
  }

  #readPopularity({ context, blended }: Scored, candidates: readonly number[], into: Float32Array): void {
    const { table, isPast } = context
    const scores = this.#scores
    for (let row = 0; row < candidates.length; row++) scores[row] = blended.get(candidates[row]!)
    this.#relate(candidates.length, columnOf('blend'), into)
    for (const name of ['popularity', 'trend'] as const) {
      const values = isPast ? NOTHING : table[name]
      for (let row = 0; row < candidates.length; row++) scores[row] = values[candidates[row]!] ?? 0
      this.#relate(candidates.length, columnOf(name), into)
    }
  }

  #readVisits({ table, history }: RequestContext, candidates: readonly number[], into: Float32Array): void {
    const { visits, ratings, ratingSum } = table
    const width = this.names.length
    const recentVisits = meanOf(recentOf(history), (item) => Math.log1p(visits[item] ?? 0))
    for (let row = 0; row < candidates.length; row++) {
      const item = candidates[row]!
      const own = Math.log1p(visits[item] ?? 0)
      const rating = (ratingSum[item] ?? 0) + PRIOR_RATINGS * MEAN_RATING
      into[row * width + VISITS] = own
      into[row * width + RATING] = rating / ((ratings[item] ?? 0) + PRIOR_RATINGS) - MEAN_RATING
      into[row * width + VISITS_FROM_RECENT] = Math.abs(own - recentVisits)
    }
  }

  #readYears({ history }: RequestContext, candidates: readonly number[], into: Float32Array): void {
    const { year } = this.#content
    const width = this.names.length
    const recentYear = meanOf(recentOf(history), (item) => known(year[item]))
    const lastYear = history.length > 0 ? known(year[history[0]!.item]) : 0
    for (let row = 0; row < candidates.length; row++) {
      const own = known(year[candidates[row]!])
      into[row * width + YEAR] = own
      into[row * width + YEAR + 1] = Math.abs(own - lastYear)
      into[row * width + YEAR + 2] = Math.abs(own - recentYear)
    }
  }

  /** What the user thinks of an item's genres, and what these have in common with the last item's and the recent ones'. */
  #readGenres({ user, history }: RequestContext, candidates: readonly number[], into: Float32Array): void {
    const { genres } = this.#content
    const width = this.names.length
    const taste = this.#taste(user?.genres ?? [])
    const recentGenres = recentOf(history).map((item) => genres[item] ?? 0)
    const lastGenres = recentGenres[0] ?? 0
    // Many have the same genres.
    const rowWith = new Map<number, number>()
    for (let row = 0; row < candidates.length; row++) {
      const mask = genres[candidates[row]!] ?? 0
      const at = row * width + GENRE_PREFERENCE
      const known = rowWith.get(mask)
      if (known !== undefined) {
        const from = known * width + GENRE_PREFERENCE
        into[at] = into[from]!
        into[at + 1] = into[from + 1]!
        into[at + 2] = into[from + 2]!
        continue
      }
      rowWith.set(mask, row)
      into[at] = taste(mask)
      into[at + 1] = overlap(mask, lastGenres)
      into[at + 2] = meanOverlap(mask, recentGenres)
    }
  }

  /** How much each candidate was visited after, and before, the latest entries, relative to the best of them. */
  #readCoVisits({ context }: Scored, candidates: readonly number[], into: Float32Array): void {
    const { history, rows, table } = context
    if (this.#together.length < table.visits.length) this.#together = new Float64Array(table.visits.length)
    const [together, scores] = [this.#together, this.#scores]
    for (const [at, [lag, word]] of CO_VISITS.entries()) {
      const factor = (ROW_OFFSET + (table.visits[history[lag]?.item ?? -1] ?? 0)) ** -ROW_EXPONENT
      addRow(rows[lag], word, factor, together)
      for (let row = 0; row < candidates.length; row++) {
        const item = candidates[row]!
        scores[row] = (together[item] ?? 0) * (table.rarity[item] ?? 0)
      }
      this.#relate(candidates.length, columnOf('co-visits-1') + at, into)
      addRow(rows[lag], word, 0, together)
    }
  }

  #readSources({ proposals }: Scored, candidates: readonly number[], into: Float32Array): void {
    const scores = this.#scores
    let column = ITEM_FEATURES.length
    for (let source = 0; source < this.#sources.length; source++) {
      const { scores: proposed } = proposals[source]!
      for (let row = 0; row < candidates.length; row++) scores[row] = proposed.get(candidates[row]!)
      this.#best[source] = this.#relate(candidates.length, column++, into)
    }
    for (const source of this.#loudest) {
      const { scores: proposed } = proposals[source]!
      for (let row = 0; row < candidates.length; row++) scores[row] = proposed.loudest(candidates[row]!)
      this.#relate(candidates.length, column++, into)
    }
  }

  #makeRoom(candidates: number): void {
    const rows = padded(candidates)
    this.#algebra = new LinearAlgebra(rows * (this.names.length + 2), 2)
    this.#items = this.#algebra.array(rows * this.names.length)
    const { buffer, byteOffset } = this.#algebra.array(2 * rows)
    this.#scores = new Float64Array(buffer, byteOffset, rows)
  }

  /** Fills in a column: logarithms of `#scores` relative to the best. @returns the best */
  #relate(count: number, column: number, into: Float32Array): number {
    const width = this.names.length
    const scores = this.#scores
    let best = 0
    for (let row = 0; row < count; row++) if (scores[row]! > best) best = scores[row]!
    const out = into.byteOffset + into.BYTES_PER_ELEMENT * column
    // Where nothing is above 0, whatever it is relative to.
    this.#algebra.run.logRelative(scores.byteOffset, count, best || 1, FLOOR, LOG_FLOOR, out, width)
    return best
  }

  /** The user's mean preference over an item's genres, on a scale on which the strongest is 1. */
  #taste(tastes: readonly { name: string; preference: number }[]): (mask: number) => number {
    const strongest = Math.max(1e-9, ...tastes.map(({ preference }) => Math.abs(preference)))
    const bits = Int32Array.from(tastes, ({ name }) => this.#content.bit(name))
    const preferences = Float64Array.from(tastes, ({ preference }) => preference / strongest)
    return (mask) => {
      let taste = 0
      for (let i = 0; i < bits.length; i++) if (mask & bits[i]!) taste += preferences[i]!
      return taste / Math.max(1, countBits(mask))
    }
  }
}

/** Adds the visits of one word, times `factor`, to `into` by item index; a factor of 0 clears what was added. */
function addRow(row: NeighbourRow | undefined, word: number, factor: number, into: Float64Array): void {
  if (!row) return
  const { items, weights } = row
  for (let at = 0; at < items.length; at += NEIGHBOUR_WORDS) {
    const item = items[at]!
    if (item < into.length) into[item] = factor === 0 ? 0 : factor * weights[at + word]!
  }
}

function isSame(a: readonly number[], b: readonly number[]): boolean {
  return a === b || (a.length === b.length && a.every((item, at) => item === b[at]))
}

/** Years in decades around 1985, what is unknown in the middle. */
function known(year: number | undefined): number {
  return year === undefined || Number.isNaN(year) ? 0 : (year - 1985) / 10
}

function recentOf(history: readonly HistoryEntry[]): number[] {
  return history.slice(0, RECENT).map(({ item }) => item)
}

function meanOf(items: readonly number[], valueFor: (item: number) => number): number {
  let sum = 0
  for (const item of items) sum += valueFor(item)
  return items.length === 0 ? 0 : sum / items.length
}

function meanOverlap(genres: number, others: readonly number[]): number {
  let sum = 0
  for (let i = 0; i < others.length; i++) sum += overlap(genres, others[i]!)
  return others.length === 0 ? 0 : sum / others.length
}
