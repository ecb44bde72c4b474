import { TributaryError } from '../../errors.ts'
import { CoOccurrence } from '../../training/co-occurrence.ts'
import { ease } from '../../training/ease.ts'
import type { Events } from '../events.ts'
import type { Plan, Step } from '../plan.ts'
import { cosine } from './cosine.ts'

/** Item-item matrices that are trained at the fits of a plan. */
const MODELS = { 'item-cf': cosine, ease } satisfies Record<string, (counts: CoOccurrence) => Float32Array>
export type ItemModelName = keyof typeof MODELS

const FREE = 0
const BUSY = 1
const TRAINED = 2
const WAIT_MS = 1000
/** Beyond, a matrix would be larger than 4 GiB. */
const MAX_ITEMS = 2 ** 15

/** What threads share: every matrix is trained once, by whichever comes to it first. */
export interface ItemModelMemory {
  /** By fit: FREE, BUSY or TRAINED. */
  readonly states: Int32Array<SharedArrayBuffer>
  /** By model, then by fit: item by item, row-major. */
  readonly rows: Readonly<Partial<Record<ItemModelName, readonly Float32Array<SharedArrayBuffer>[]>>>
}

export function allocateItemModels(plan: Plan, names: readonly ItemModelName[]): ItemModelMemory {
  const items = plan.events.itemIds.length
  if (items > MAX_ITEMS && names.length > 0) {
    const message = `${names.join(' and ')} compare every two of ${items} items, and at most ${MAX_ITEMS} fit: leave them out with --systems`
    throw new TributaryError('BAD_INPUT', message)
  }
  let fits = 0
  for (const { type } of plan.steps()) if (type === 'fit') fits++
  const matrix = () => new Float32Array(new SharedArrayBuffer(4 * items ** 2))
  const rows = names.map((name) => [name, Array.from({ length: fits }, matrix)])
  return { states: new Int32Array(new SharedArrayBuffer(4 * fits)), rows: Object.fromEntries(rows) }
}

/** The matrices as of each fit of a plan: on exactly the events that the plan learns before it. */
export class ItemModels {
  readonly items: number
  readonly #events: Events
  readonly names: readonly ItemModelName[]
  readonly #memory: ItemModelMemory
  readonly #steps: Iterator<Step>
  readonly #counts: CoOccurrence
  /** The fit that the counts come to next. */
  #next = 0

  constructor(plan: Plan, memory: ItemModelMemory) {
    this.#events = plan.events
    this.items = plan.events.itemIds.length
    this.names = Object.keys(memory.rows) as ItemModelName[]
    this.#memory = memory
    this.#steps = plan.steps()[Symbol.iterator]()
    this.#counts = new CoOccurrence(plan.events.userIds.length, this.items)
  }

  /** Trains it or, where another thread is at it, a later one meanwhile. */
  rows(name: ItemModelName, fit: number): Float32Array {
    const { states, rows } = this.#memory
    while (Atomics.load(states, fit) !== TRAINED) {
      if (!this.#trainNext()) Atomics.wait(states, fit, BUSY, WAIT_MS)
    }
    return rows[name]![fit]!
  }

  /** @returns false where no fit is left to be trained */
  #trainNext(): boolean {
    const { states, rows } = this.#memory
    for (let fit = this.#next; fit < states.length; fit++) {
      if (Atomics.compareExchange(states, fit, FREE, BUSY) !== FREE) continue
      this.#countTo(fit)
      for (const name of this.names) rows[name]![fit]!.set(MODELS[name](this.#counts))
      Atomics.store(states, fit, TRAINED)
      Atomics.notify(states, fit)
      return true
    }
    return false
  }

  #countTo(fit: number): void {
    const { user, item } = this.#events
    while (this.#next <= fit) {
      const { value: step }: { value: Step } = this.#steps.next()
      if (step.type === 'learn') this.#counts.learn(user[step.sequence]!, item[step.sequence]!)
      else if (step.type === 'fit') this.#next++
    }
  }
}
