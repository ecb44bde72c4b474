import { Catalogue } from '../../catalogue/catalogue.ts'
import { CANDIDATES } from '../../ranking/candidate-ranker.ts'
import { FeatureReader, type FeatureTable } from '../../ranking/features.ts'
import { ItemContent } from '../../ranking/item-content.ts'
import type { RankerLearner } from '../../ranking/ranker-learner.ts'
import { type RankerParameters, zeroParameters } from '../../ranking/ranker-parameters.ts'
import { ItemIndex } from '../../retrieval/online/item-index.ts'
import { SOURCES } from '../../retrieval/retriever.ts'
import type { Plan } from '../plan.ts'
import { stretchesOf } from '../stretches.ts'

/** Examples that wait to be learned at most. */
export const SLOTS = 256
/** Parameters are published after so many examples. */
const PUBLISHED_EVERY = 8
/** A slot begins with the row of what was taken, -1 where it is not among the candidates, and the number of these. */
const HEADER = 2
const WAIT_MS = 1000

/**
 * What the threads of an evaluation share of the ranker: each example is read by one of them, and one learner learns
 * from all of them in their order.
 */
export interface RankerMemory {
  readonly names: readonly string[]
  readonly contextNames: readonly string[]
  /** In all. */
  readonly examples: number
  /** By stretch of the plan: 1 where a thread reads its examples. */
  readonly claims: Int32Array<SharedArrayBuffer>
  /** By slot: one more than the number of the example in it. */
  readonly filled: Int32Array<SharedArrayBuffer>
  /** (SLOTS, HEADER + context features + CANDIDATES x features). */
  readonly slots: Float32Array<SharedArrayBuffer>
  /** How many examples are learned; -1 before the initial parameters are published. */
  readonly learned: Int32Array<SharedArrayBuffer>
  /** By PUBLISHED_EVERY examples: the share that had their item among the candidates, then the parameters. */
  readonly published: Float64Array<SharedArrayBuffer>
}

/** Of the features that the ranker of an evaluation sees. */
export function rankerNames(): Pick<RankerMemory, 'names' | 'contextNames'> {
  const sources = SOURCES.map(({ name }) => name)
  return new FeatureReader(sources, new ItemContent(new ItemIndex(), new Catalogue()))
}

/** @param isExample by the number of events learned before */
export function allocateRanker(plan: Plan, isExample: (learned: number) => boolean): RankerMemory {
  const { names, contextNames } = rankerNames()
  let examples = 0
  for (let learned = 0; learned < plan.learned; learned++) if (isExample(learned)) examples++
  let stretches = 0
  for (const _ of stretchesOf(plan.steps())) stretches++
  const int32 = (length: number) => new Int32Array(new SharedArrayBuffer(4 * length))
  const slots = SLOTS * slotSize(names, contextNames)
  const published = (1 + Math.floor(examples / PUBLISHED_EVERY)) * publicationSize(names, contextNames)
  return {
    names,
    contextNames,
    examples,
    claims: int32(stretches),
    filled: int32(SLOTS),
    slots: new Float32Array(new SharedArrayBuffer(4 * slots)),
    learned: int32(1).fill(-1),
    published: new Float64Array(new SharedArrayBuffer(8 * published)),
  }
}

/** @returns whether the examples of a stretch are the caller's to read */
export function claimExamples({ claims }: RankerMemory, stretch: number): boolean {
  return Atomics.compareExchange(claims, stretch, 0, 1) === 0
}

/**
 * Hands an example to the learner; waits where that is far behind.
 * @param example its number, from 0, in the order of the stream
 * @param taken row of the candidate that was taken, -1 where there is none
 */
export function putExample(memory: RankerMemory, example: number, table: FeatureTable, taken: number): void {
  const { filled, slots, names, contextNames } = memory
  waitUntilLearned(memory, example - SLOTS + 1)
  const slot = example % SLOTS
  const start = slot * slotSize(names, contextNames)
  slots.set([taken, table.candidates.length], start)
  slots.set(table.context, start + HEADER)
  slots.set(table.items, start + HEADER + contextNames.length)
  Atomics.store(filled, slot, example + 1)
  Atomics.notify(filled, slot)
}

/** What has been learned. */
export interface Published {
  readonly parameters: RankerParameters
  /** Of the examples, the share whose item was among the candidates. */
  readonly retrieved: number
}

/** As of the last publication of the first so many examples: waits until they have been learned. */
export function publishedAfter(memory: RankerMemory, examples: number): Published {
  const { names, contextNames, published } = memory
  const publication = Math.floor(examples / PUBLISHED_EVERY)
  const known = publication * PUBLISHED_EVERY
  waitUntilLearned(memory, known)
  const size = publicationSize(names, contextNames)
  const values = published.slice(publication * size, (publication + 1) * size)
  const parameters = zeroParameters(names, contextNames)
  let start = 1
  for (const column of columnsOf(parameters)) {
    column.set(values.subarray(start, start + column.length))
    start += column.length
  }
  return { parameters, retrieved: values[0]! }
}

function waitUntilLearned({ learned }: RankerMemory, examples: number): void {
  for (;;) {
    const now = Atomics.load(learned, 0)
    if (now >= examples) return
    Atomics.wait(learned, 0, now, WAIT_MS)
  }
}

/** The other side: learns from what the threads have read, in order, and publishes what it has come to. */
export class ExampleLearner {
  readonly #memory: RankerMemory
  readonly #learner: RankerLearner
  readonly #before: number
  #learned = 0
  #retrieved = 0

  /** @param retrieved before the first example: the share of what is asked for that is among the candidates */
  constructor(memory: RankerMemory, learner: RankerLearner, retrieved = 0) {
    this.#memory = memory
    this.#learner = learner
    this.#before = retrieved
    this.#publish()
  }

  /** Learns from the examples that are there. */
  learnWaiting(): void {
    const { filled, examples } = this.#memory
    while (this.#learned < examples && Atomics.load(filled, this.#learned % SLOTS) === this.#learned + 1) this.#learn()
  }

  /** Learns from all of them: blocks its thread until others have read them. */
  learnAll(): void {
    const { filled, examples } = this.#memory
    while (this.#learned < examples) {
      const slot = this.#learned % SLOTS
      const found = Atomics.load(filled, slot)
      if (found === this.#learned + 1) this.#learn()
      else Atomics.wait(filled, slot, found, WAIT_MS)
    }
  }

  #learn(): void {
    const { names, contextNames, slots } = this.#memory
    const start = (this.#learned % SLOTS) * slotSize(names, contextNames)
    const taken = slots[start]!
    if (taken >= 0) {
      const candidates = Array.from({ length: slots[start + 1]! }, (_, row) => row)
      const items = start + HEADER + contextNames.length
      const context = slots.slice(start + HEADER, items)
      this.#retrieved++
      const table = { candidates, context, items: slots.slice(items, items + candidates.length * names.length) }
      this.#learner.learn(table, taken)
    }
    this.#learned++
    this.#publish()
  }

  #publish(): void {
    const { published, learned, names, contextNames } = this.#memory
    if (this.#learned % PUBLISHED_EVERY === 0) {
      let start = (this.#learned / PUBLISHED_EVERY) * publicationSize(names, contextNames)
      published[start++] = this.#learned > 0 ? this.#retrieved / this.#learned : this.#before
      for (const column of columnsOf(this.#learner.parameters)) {
        published.set(column, start)
        start += column.length
      }
    }
    Atomics.store(learned, 0, this.#learned)
    Atomics.notify(learned, 0)
  }
}

type Names = readonly string[]

function slotSize(names: Names, contextNames: Names): number {
  return HEADER + contextNames.length + CANDIDATES * names.length
}

function publicationSize(names: Names, contextNames: Names): number {
  return columnsOf(zeroParameters(names, contextNames)).reduce((size, column) => size + column.length, 1)
}

function columnsOf(parameters: RankerParameters): Float64Array[] {
  return Object.values(parameters).filter((value) => value instanceof Float64Array)
}
