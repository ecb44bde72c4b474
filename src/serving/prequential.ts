import type { Prediction } from './prediction.ts'

/** A hit is an item among the first so many. */
const CUT_OFF = 10
/** Models that order: they take part while a release with them is in service, and not before or after. */
const ORDERING: ReadonlySet<string> = new Set(['ranker', 'din'])
/** Predictions in a point at first, and points: when there are more, neighbours become one. */
const POINT_SIZE = 20
const MAX_POINTS = 240
/** Predictions that a line averages over, and the present figures are of. */
const WINDOW = 200

interface Point {
  /** Stream time of its last prediction, ms. */
  at: number
  n: number
  /** By system: predictions that it took part in, and hits among them. */
  readonly asked: Map<string, number>
  readonly hits: Map<string, number>
}

export interface QualityOfSystem {
  readonly name: string
  /** HR@10 over the last WINDOW predictions and over all since it first proposed something; null where there was none. */
  readonly latest: number | null
  readonly whole: number | null
  /** Predictions that `whole` is of. */
  readonly n: number
  /** HR@10 over its WINDOW before each of `times`; null where it took no part. */
  readonly line: readonly (number | null)[]
}

/** Told of all that is counted, for whoever counts it as well. */
export interface PrequentialCounters {
  event(outcome: 'predicted' | 'unpredictable' | 'missed'): void
  /** One for each system that takes part, of each event predicted. */
  prediction(system: string, hit: boolean): void
}

/** How well what is served predicts what happens next, on the running stream. */
export interface QualityFigures {
  readonly predicted: number
  /** Of somebody new, or an item met before: there was nothing to predict. */
  readonly unpredictable: number
  /** Not predicted in time: folding went on without. */
  readonly missed: number
  readonly window: number
  /** Stream time, ms. */
  readonly times: readonly number[]
  readonly systems: readonly QualityOfSystem[]
}

/**
 * Keeps count of predictions over stream time. A source takes part from when it first proposed something, and from then
 * on its silence is a miss.
 */
export class Prequential {
  readonly #points: Point[] = []
  readonly #known = new Set<string>()
  #pointSize = POINT_SIZE
  #predicted = 0
  #unpredictable = 0
  #missed = 0

  readonly #counters: PrequentialCounters

  constructor(counters: PrequentialCounters = { event: () => {}, prediction: () => {} }) {
    this.#counters = counters
  }

  /** @param prediction undefined for one that was late or failed */
  add(prediction: Prediction | undefined): void {
    if (!prediction) {
      this.#missed++
      this.#counters.event('missed')
    } else if (!prediction.ranks) {
      this.#unpredictable++
      this.#counters.event('unpredictable')
    } else {
      this.#count(prediction.at, prediction.ranks)
      this.#counters.event('predicted')
    }
  }

  /** Grows with every prediction. */
  get count(): number {
    return this.#predicted + this.#unpredictable + this.#missed
  }

  #count(at: number, ranks: Readonly<Record<string, number | null>>): void {
    const point = this.#openPoint()
    point.at = Math.max(point.at, at)
    point.n++
    this.#predicted++
    for (const name of Object.keys(ranks)) this.#known.add(name)
    for (const name of this.#known) {
      if (ORDERING.has(name) && !(name in ranks)) continue
      const hit = isHit(ranks[name])
      add(point.asked, name, 1)
      if (hit) add(point.hits, name, 1)
      this.#counters.prediction(name, hit)
    }
  }

  #openPoint(): Point {
    const last = this.#points.at(-1)
    if (last && last.n < this.#pointSize) return last
    if (this.#points.length === MAX_POINTS) this.#halve()
    const point = { at: last?.at ?? 0, n: 0, asked: new Map<string, number>(), hits: new Map<string, number>() }
    this.#points.push(point)
    return point
  }

  #halve(): void {
    this.#pointSize *= 2
    for (let i = 0; i < MAX_POINTS / 2; i++) {
      const [first, second] = [this.#points[2 * i]!, this.#points[2 * i + 1]!]
      for (const [name, n] of first.asked) add(second.asked, name, n)
      for (const [name, n] of first.hits) add(second.hits, name, n)
      second.n += first.n
      this.#points[i] = second
    }
    this.#points.length = MAX_POINTS / 2
  }

  figures(): QualityFigures {
    return {
      predicted: this.#predicted,
      unpredictable: this.#unpredictable,
      missed: this.#missed,
      window: WINDOW,
      times: this.#points.map(({ at }) => at),
      systems: [...this.#known].map((name) => this.#qualityOf(name)),
    }
  }

  #qualityOf(name: string): QualityOfSystem {
    let [n, hits] = [0, 0]
    let latest: number | null = null
    const line = this.#points.map((point, last) => {
      n += point.asked.get(name) ?? 0
      hits += point.hits.get(name) ?? 0
      if (!point.asked.has(name)) return null
      latest = this.#overWindow(name, last)
      return latest
    })
    return { name, latest, whole: n > 0 ? hits / n : null, n, line }
  }

  #overWindow(name: string, last: number): number {
    let [n, hits] = [0, 0]
    for (let i = last; i >= 0 && n < WINDOW; i--) {
      n += this.#points[i]!.asked.get(name) ?? 0
      hits += this.#points[i]!.hits.get(name) ?? 0
    }
    return hits / n
  }
}

function add(counts: Map<string, number>, name: string, n: number): void {
  counts.set(name, (counts.get(name) ?? 0) + n)
}

function isHit(rank: number | null | undefined): boolean {
  return rank != null && rank <= CUT_OFF
}
