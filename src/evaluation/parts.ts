import type { Plan } from './plan.ts'
import { REFRESH_EVENTS } from './systems/live.ts'

/** Cases of one part at least: enough parts for every thread to be busy to the end, few enough for what one begins with. */
function casesPerPart({ cases }: Plan): number {
  return Math.max(200, Math.min(5_000, Math.ceil(cases / 64)))
}

/** Parts that a plan has at most. */
export function partsOf(plan: Plan): number {
  return Math.ceil(plan.cases / casesPerPart(plan))
}

/**
 * Cuts a plan's cases into runs, the same in every thread, each predicted by the thread that claims it. All threads
 * learn everything, which is cheap while nobody asks.
 */
export class Parts {
  readonly #perPart: number
  readonly #claims: (part: number) => boolean
  #part = -1
  #cases = 0
  #learned = 0
  #learnedAtLast = 0
  isMine = false

  /** @param claims whether a part (numbered from 0) is predicted here: asked once for each, in order */
  constructor(plan: Plan, claims: (part: number) => boolean) {
    this.#perPart = casesPerPart(plan)
    this.#claims = claims
  }

  learn(): void {
    this.#learned++
  }

  /** @returns whether the next case is the first of a part */
  next(): boolean {
    // Where live systems read the state anew in any case, to begin a part changes nothing.
    const isAligned = this.#learned === this.#learnedAtLast || this.#learned % REFRESH_EVENTS === 0
    const isFull = this.#cases >= this.#perPart && (isAligned || this.#cases >= 2 * this.#perPart)
    const isFirst = this.#part < 0 || isFull
    if (isFirst) {
      this.isMine = this.#claims(++this.#part)
      this.#cases = 0
    }
    this.#cases++
    this.#learnedAtLast = this.#learned
    return isFirst
  }
}
