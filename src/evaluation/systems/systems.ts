import type { Fits } from '../fitted-models.ts'
import type { Plan } from '../plan.ts'
import { allocateItemModels, type ItemModelMemory, ItemModels } from './item-models.ts'
import { ITEM_SIMILARITY_SYSTEMS, itemSimilarity, modelsOf } from './item-similarity.ts'
import { LIVE_SYSTEMS, type LiveScorer, live } from './live.ts'
import { popularity } from './popularity.ts'
import { random } from './random.ts'
import { exampleSchedule, ranker, rankerLearner } from './ranker.ts'
import { allocateRanker, type RankerMemory } from './ranker-examples.ts'
import type { Scorer } from './scorer.ts'

/** Systems of `--models`. */
const TRAINED: readonly string[] = ['item-cf/trained', 'two-tower', 'sequence', 'din']

/** Every system, in the order of every table. */
export const SYSTEMS: readonly string[] = [
  'random',
  'popularity',
  'decayed-popularity',
  'item-cf',
  'item-cf/recent',
  'ease',
  'ease/recent',
  'co-visitation',
  'item-cf/trained',
  'two-tower',
  'sequence',
  'blend',
  'ranker',
  'din',
]

/** Those that need no models. */
export const CHOOSABLE: readonly string[] = SYSTEMS.filter((name) => !TRAINED.includes(name))

/** What threads share: nothing that one of them learns from the cases of another. */
export interface SystemsMemory {
  readonly itemModels: ItemModelMemory
  /** Where the ranker is compared. */
  readonly ranker?: RankerMemory
}

export function allocateSystems(plan: Plan, systems: readonly string[], fitted?: Fits): SystemsMemory {
  const itemModels = allocateItemModels(plan, modelsOf(systems))
  if (!systems.includes('ranker')) return { itemModels }
  return { itemModels, ranker: allocateRanker(plan, exampleSchedule(plan, fitted)) }
}

export interface SystemsOptions {
  readonly plan: Plan
  /** Names of CHOOSABLE. */
  readonly systems: readonly string[]
  readonly memory: SystemsMemory
  /** Of the live state. */
  readonly partitions: number
  /** Trained models that take part in the blend and in the ranker. */
  readonly fitted?: Fits | undefined
  readonly seed: number
  /** Whether what threads learn together is learned here: there is no other thread. */
  readonly isAlone?: boolean
}

/** The scorers of the systems, and the one whose candidate sources are looked into where it is among them. */
export async function openSystems(options: SystemsOptions): Promise<{ scorers: Scorer[]; live?: LiveScorer }> {
  const { plan, systems, memory, partitions, fitted, seed, isAlone = false } = options
  const { events } = plan
  const of = (names: readonly string[]) => names.filter((name) => systems.includes(name))
  const scorers: Scorer[] = []
  if (systems.includes('random')) scorers.push(random(seed))
  if (systems.includes('popularity')) scorers.push(popularity(events))
  const similar = of(ITEM_SIMILARITY_SYSTEMS)
  if (similar.length > 0) scorers.push(itemSimilarity(new ItemModels(plan, memory.itemModels), similar))
  const served = [...of(LIVE_SYSTEMS), ...(fitted?.fits.some((files) => files.din) ? ['din'] : [])]
  if (served.length === 0 && !memory.ranker && plan.protocol !== 'candidates') return { scorers }
  const serving = await live(plan, partitions, served, fitted)
  scorers.push(serving)
  if (memory.ranker) {
    const learner = isAlone ? await rankerLearner(memory.ranker, plan, partitions, fitted) : undefined
    scorers.push(ranker(serving, events, exampleSchedule(plan, fitted), memory.ranker, learner))
  }
  return { scorers, live: serving }
}
