import type { Prediction } from './prediction.ts'

/** A hit is an item among the first so many. */
const CUT_OFF = 10
/** Predictions in a point at first, and points: when there are more, neighbours become one. */
const POINT_SIZE = 20
const MAX_POINTS = 240
/** Predictions that a line averages over, and the present figures are of. */
const WINDOW = 200

interface Point {
  /** Stream time of its last prediction, ms. */
  at: number
  n: number
  /** By system. */
  readonly hits: Map<string, number>
}

export interface QualityOfSystem {
  readonly name: string
  /** HR@10 over the last WINDOW predictions and over all since it first proposed something; null where there was none. */
  readonly latest: number | null
  readonly whole: number | null
  /** Predictions that `whole` is of. */
  readonly n: number
  /** HR@10 over the WINDOW before each of `times`; null before it first proposed something. */
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

/** Keeps count of predictions over stream time. A system takes part from when it first proposed something. */
export class Prequential {
  readonly #points: Point[] = []
  /** Of each system: predictions before it took part. */
  readonly #before = new Map<string, number>()
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
    for (const [name, rank] of Object.entries(ranks)) {
      if (!this.#before.has(name)) this.#before.set(name, this.#predicted)
      if (isHit(rank)) point.hits.set(name, (point.hits.get(name) ?? 0) + 1)
    }
    this.#predicted++
    for (const name of this.#before.keys()) this.#counters.prediction(name, isHit(ranks[name]))
  }

  #openPoint(): Point {
    const last = this.#points.at(-1)
    if (last && last.n < this.#pointSize) return last
    if (this.#points.length === MAX_POINTS) this.#halve()
    const point = { at: last?.at ?? 0, n: 0, hits: new Map<string, number>() }
    this.#points.push(point)
    return point
  }

  #halve(): void {
    this.#pointSize *= 2
    for (let i = 0; i < MAX_POINTS / 2; i++) {
      const [first, second] = [this.#points[2 * i]!, this.#points[2 * i + 1]!]
      for (const [name, hits] of first.hits) second.hits.set(name, (second.hits.get(name) ?? 0) + hits)
      this.#points[i] = { at: second.at, n: first.n + second.n, hits: second.hits }
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
      systems: [...this.#before.keys()].map((name) => this.#qualityOf(name)),
    }
  }

  #qualityOf(name: string): QualityOfSystem {
    const before = this.#before.get(name)!
    let [end, hits] = [0, 0]
    const line = this.#points.map((point, last) => {
      end += point.n
      hits += point.hits.get(name) ?? 0
      return end > before ? this.#overWindow(name, last, end - before) : null
    })
    const n = this.#predicted - before
    return { name, latest: line.at(-1) ?? null, whole: n > 0 ? hits / n : null, n, line }
  }

  /** @param most predictions that it has taken part in up to the point `last` */
  #overWindow(name: string, last: number, most: number): number {
    let [n, hits] = [0, 0]
    for (let i = last; i >= 0 && n < Math.min(WINDOW, most); i--) {
      n += this.#points[i]!.n
      hits += this.#points[i]!.hits.get(name) ?? 0
    }
    // It may have come in the middle of a point.
    return hits / Math.min(n, most)
  }
}

function isHit(rank: number | null | undefined): boolean {
  return rank != null && rank <= CUT_OFF
}
