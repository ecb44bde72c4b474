import { decodeFloats } from '../../events/floats.ts'
import type { SlateAgain } from '../../serving/slate-again.ts'
import type { LoggedSlate } from './logged-slate.ts'

/**
 * Two numbers are equal where they differ by less than this, or by less than this share of the greater: a hundredth of what
 * tells candidates that stand side by side apart, and four digits more than 32-bit numbers lose.
 */
const TOLERANCE = 1e-3
const COMPARED_PLACES = 10

export interface NumberSkew {
  readonly values: number
  /** Shares of them. */
  readonly identical: number
  /** Differ from what co-visits and trails of the moment make of it, but no further than those as old as they can have been. */
  readonly stale: number
  /** Differ by more than that. */
  readonly differing: number
  /** Of the differences from what the moment makes of it, by amount. */
  readonly mean: number
  readonly p99: number
  readonly max: number
  /** Of what was logged with what was worked out; null where one of them does not vary. */
  readonly correlation: number | null
}

export interface SkewReport {
  readonly slates: { readonly checked: number; readonly leftOut: Readonly<Record<string, number>> }
  /** Of all features of all items shown, and of what is the same for all items of a request. */
  readonly all: NumberSkew
  readonly items: Readonly<Record<string, NumberSkew>>
  readonly context: Readonly<Record<string, NumberSkew>>
  readonly score: NumberSkew
  /** Of a feature or the score: the greatest share of values that differ. */
  readonly worst: { readonly name: string; readonly differing: number }
  readonly order: {
    /** Shares of slates. */
    readonly sameItems: number
    readonly sameOrder: number
    /** Of the first ten items shown, those among the first ten worked out. */
    readonly overlapAt10: number
    /** Kendall's tau of the places of the items shown, those that are not worked out standing last; mean over slates. */
    readonly tau: number
  }
  /** Slates whose user had another number of events. */
  readonly otherHistory: number
  /** Offsets that serving had folded, and how many of them the event log does not have. */
  readonly folded: { readonly offsets: number; readonly lacking: number }
  /** Names that were logged and that this code does not know. */
  readonly unknown: readonly string[]
}

/** Adds up by how much what was logged differs from what is worked out again. */
export class SkewTally {
  readonly #leftOut: Record<string, number> = {}
  readonly #items = new Map<string, Differences>()
  readonly #context = new Map<string, Differences>()
  readonly #score = new Differences()
  readonly #unknown = new Set<string>()
  #sameItems = 0
  #sameOrder = 0
  #overlap = 0
  #tau = 0
  #otherHistory = 0
  checked = 0
  folded = { offsets: 0, lacking: 0 }

  leaveOut(reason: string): void {
    this.#leftOut[reason] = (this.#leftOut[reason] ?? 0) + 1
  }

  /** @param older the same, of co-visits and trails as old as they can have been */
  add({ features, itemIds, scores }: LoggedSlate, again: SlateAgain, older: SlateAgain): void {
    this.checked++
    const { names, contextNames } = again.seen
    const logged = { names: features.names, numbers: decodeFloats(features.items) }
    this.#compare(this.#items, logged, { names, now: again.seen.items, old: older.seen.items })
    const ofAll = { names: features.contextNames, numbers: decodeFloats(features.context) }
    this.#compare(this.#context, ofAll, { names: contextNames, now: again.seen.context, old: older.seen.context })
    for (const [place, score] of scores.entries()) {
      this.#score.add(Math.fround(score), Math.fround(again.scores[place]!), Math.fround(older.scores[place]!))
    }
    const [shown, made] = [itemIds, again.itemIds]
    if (shown.every((itemId, place) => made[place] === itemId) && shown.length === made.length) this.#sameOrder++
    if (new Set([...shown, ...made]).size === shown.length) this.#sameItems++
    const first = new Set(made.slice(0, COMPARED_PLACES))
    const compared = shown.slice(0, COMPARED_PLACES)
    this.#overlap += compared.length === 0 ? 1 : compared.filter((itemId) => first.has(itemId)).length / compared.length
    this.#tau += kendallTau(shown, made)
    if (again.known !== features.known) this.#otherHistory++
  }

  report(): SkewReport {
    const share = (count: number) => (this.checked === 0 ? 0 : count / this.checked)
    const of = (differences: ReadonlyMap<string, Differences>) =>
      Object.fromEntries([...differences].map(([name, each]) => [name, each.skew()]))
    const [items, context, score] = [of(this.#items), of(this.#context), this.#score.skew()]
    const each = Object.entries({ ...items, ...context, score })
    const worst = each.reduce(
      (most, [name, { differing }]) => (differing > most.differing ? { name, differing } : most),
      { name: 'score', differing: score.differing },
    )
    return {
      slates: { checked: this.checked, leftOut: this.#leftOut },
      all: Differences.together([...this.#items.values(), ...this.#context.values()]).skew(),
      items,
      context,
      score,
      worst,
      order: {
        sameItems: share(this.#sameItems),
        sameOrder: share(this.#sameOrder),
        overlapAt10: share(this.#overlap),
        tau: share(this.#tau),
      },
      otherHistory: this.#otherHistory,
      folded: this.folded,
      unknown: [...this.#unknown],
    }
  }

  /** Row by row, as far as there are names for the numbers of both. */
  #compare(
    into: Map<string, Differences>,
    logged: { readonly names: readonly string[]; readonly numbers: Float32Array },
    made: { readonly names: readonly string[]; readonly now: Float32Array; readonly old: Float32Array },
  ): void {
    const [width, widthNow] = [logged.names.length, made.names.length]
    const rows = width === 0 ? 0 : logged.numbers.length / width
    for (const [column, name] of logged.names.entries()) {
      const columnNow = made.names.indexOf(name)
      if (columnNow < 0) {
        this.#unknown.add(name)
        continue
      }
      const differences = into.get(name) ?? new Differences()
      into.set(name, differences)
      for (let row = 0; row < rows; row++) {
        const at = row * widthNow + columnNow
        differences.add(logged.numbers[row * width + column]!, made.now[at]!, made.old[at]!)
      }
    }
  }
}

/** What was logged, what the moment makes of it, and what it may have been as long before as rows are kept. */
class Differences {
  readonly #logged: number[] = []
  readonly #now: number[] = []
  readonly #old: number[] = []

  static together(all: readonly Differences[]): Differences {
    const together = new Differences()
    for (const each of all) {
      for (const [i, logged] of each.#logged.entries()) together.add(logged, each.#now[i]!, each.#old[i]!)
    }
    return together
  }

  add(logged: number, now: number, old: number): void {
    this.#logged.push(logged)
    this.#now.push(now)
    this.#old.push(old)
  }

  skew(): NumberSkew {
    const values = this.#logged.length
    const amounts = new Float64Array(values)
    let [identical, stale, differing, sum] = [0, 0, 0, 0]
    for (let i = 0; i < values; i++) {
      const [a, b] = [this.#logged[i]!, this.#now[i]!]
      // What is no number on one side only has nothing to be measured by.
      const amount = Object.is(a, b) || a === b ? 0 : Math.abs(a - b)
      if (amount === 0) identical++
      if (!isClose(a, b)) {
        const c = this.#old[i]!
        if ((a - b) * (a - c) <= 0 || isClose(a, c)) stale++
        else differing++
      }
      amounts[i] = Number.isNaN(amount) ? Number.POSITIVE_INFINITY : amount
      sum += amounts[i]!
    }
    amounts.sort()
    const share = (count: number) => (values === 0 ? 0 : count / values)
    return {
      values,
      identical: share(identical),
      stale: share(stale),
      differing: share(differing),
      mean: share(sum),
      p99: amounts[Math.floor(0.99 * (values - 1))] ?? 0,
      max: amounts.at(-1) ?? 0,
      correlation: correlation(this.#logged, this.#now),
    }
  }
}

function isClose(a: number, b: number): boolean {
  return Math.abs(a - b) <= TOLERANCE * Math.max(1, Math.abs(a), Math.abs(b)) || Object.is(a, b)
}

/** Pearson's, null where it is not defined. */
function correlation(xs: readonly number[], ys: readonly number[]): number | null {
  const mean = (of: readonly number[]) => of.reduce((sum, value) => sum + value, 0) / of.length
  const [meanX, meanY] = [mean(xs), mean(ys)]
  let [xx, yy, xy] = [0, 0, 0]
  for (let i = 0; i < xs.length; i++) {
    const [x, y] = [xs[i]! - meanX, ys[i]! - meanY]
    xx += x * x
    yy += y * y
    xy += x * y
  }
  return xx > 0 && yy > 0 ? xy / Math.sqrt(xx * yy) : null
}

/** Of two lists, over the pairs of the first; what the second lacks stands behind all that it has. */
function kendallTau(shown: readonly string[], made: readonly string[]): number {
  const placeOf = new Map(made.map((itemId, place) => [itemId, place]))
  const places = shown.map((itemId) => placeOf.get(itemId) ?? made.length)
  let [sum, pairs] = [0, 0]
  for (let i = 0; i < places.length; i++) {
    for (let j = i + 1; j < places.length; j++) {
      sum += Math.sign(places[j]! - places[i]!)
      pairs++
    }
  }
  return pairs === 0 ? 1 : sum / pairs
}
