import type { Plan } from './plan.ts'
import type { Stretch } from './stretches.ts'

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
  /** Whether every thread has read statistics, and nothing has been learned since. */
  #isLevel = false
  #isFirst = false
  isMine = false

  /** @param claims whether a part (numbered from 0) is predicted here: asked once for each, in order */
  constructor(plan: Plan, claims: (part: number) => boolean) {
    this.#perPart = casesPerPart(plan)
    this.#claims = claims
  }

  /** @returns whether cases of the stretch may be predicted here, which takes that statistics are read */
  begin({ asks, isFit }: Stretch): boolean {
    if (asks && (this.#part < 0 || this.#cases >= this.#perPart)) this.#cut()
    this.#isLevel = asks && isFit
    return asks && (isFit || this.isMine)
  }

  learn(): void {
    this.#isLevel = false
  }

  /** @returns whether the next case is the first of a part */
  next(): boolean {
    if (this.#isLevel && this.#cases >= this.#perPart) this.#cut()
    this.#cases++
    const isFirst = this.#isFirst
    this.#isFirst = false
    return isFirst
  }

  #cut(): void {
    this.isMine = this.#claims(++this.#part)
    this.#cases = 0
    this.#isFirst = true
  }
}
