import { Catalogue } from '../catalogue/catalogue.ts'
import { LiveState } from '../consumers/live-state.ts'
import { partitionFor } from '../events/topics.ts'
import type { Interaction } from '../events/types.ts'
import { type Dataset, interactions } from '../producers/datasets/dataset.ts'
import { LiveRecommender } from '../serving/live-recommender.ts'
import { ItemIndex } from '../serving/online/item-index.ts'
import { OnlineState } from '../serving/online/online-state.ts'
import { Scores } from '../serving/sources/scores.ts'
import { LIVE_GROUP } from '../state/keys.ts'
import { openMemoryStateStore } from '../state/memory-state-store.ts'
import { addRank, emptySums, mergeSums, metricsOf, type RankingSums } from './metrics.ts'
import { rankOf } from './rank.ts'
import { referenceRarity, scoreReference } from './reference-co-visitation.ts'

export const SYSTEMS = ['popularity', 'decayed-popularity', 'co-visitation', 'blend'] as const
export type System = (typeof SYSTEMS)[number]

export const SLICES = ['all', 'last-20%', 'last-10%'] as const
/** A rating from which the target counts as liked, for the slices of liked targets alone. */
const LIKED = 4

export interface Prediction {
  /** Position in the stream. */
  readonly sequence: number
  readonly userId: string
  readonly itemId: string
  /** 0 for the best; Infinity for an item that nobody had met. */
  readonly ranks: Readonly<Record<System, number>>
}

export interface PrequentialOptions {
  readonly dataset: Dataset
  readonly partitions: number
  /** Predict only the users of one share out of `of`: the shares of one evaluation can run side by side. */
  readonly share?: { readonly index: number; readonly of: number }
  /** Predict one event in so many. */
  readonly every?: number
  /** Events after which serving refreshes its item statistics, as it does several times a second. */
  readonly refreshEvents?: number
  readonly onPrediction?: (prediction: Prediction) => void
  readonly onProgress?: (events: number) => void
}

/** Sums by slice (`SLICES`, and each with `, rating >= 4`) and system. */
export type PrequentialSums = Record<string, Record<System, RankingSums>>

/**
 * Predicts every event before learning it, through the projections and the candidate code that serve: full ranking of
 * all items that anyone has met, but for those that the user has; a user's first event is learned, not predicted.
 * Gama et al., "On evaluating stream learning algorithms", Machine Learning 2013.
 */
export async function prequential(options: PrequentialOptions): Promise<PrequentialSums> {
  const { dataset, partitions, share = { index: 0, of: 1 }, every = 1, refreshEvents = 100 } = options
  const store = openMemoryStateStore({ partitions, shared: true })
  const catalogue = new Catalogue()
  for (const item of dataset.items()) catalogue.put(item)
  const items = new ItemIndex()
  const online = new OnlineState(store, LIVE_GROUP, items)
  const recommender = new LiveRecommender({ online, catalogue })
  const folds: LiveState[] = []
  for (let partition = 0; partition < partitions; partition++) {
    folds.push(await LiveState.open(await store.own(LIVE_GROUP, partition), catalogue))
  }

  const sums: PrequentialSums = {}
  const met = new Met(items)
  const reference = new Scores()
  let sequence = -1
  for (const event of interactions(dataset)) {
    sequence++
    if (sequence % refreshEvents === 0) await recommender.refresh()
    const partition = partitionFor(event.userId, partitions)
    const mine = partitionFor(`share ${event.userId}`, share.of) === share.index
    if (mine && sequence % every === 0 && met.by(event.userId)) {
      const ranks = await predict(event)
      for (const slice of slicesOf(event, sequence, dataset.size)) {
        sums[slice] ??= emptyBySystem()
        for (const system of SYSTEMS) addRank(sums[slice][system], ranks[system])
      }
      options.onPrediction?.({ sequence, userId: event.userId, itemId: event.itemId, ranks })
    }
    const fold = folds[partition]!
    await fold.fold([event])
    await fold.commit({ ratings: sequence + 1 })
    met.add(event)
    if (sequence % 1_000 === 0) options.onProgress?.(sequence)
  }
  return sums

  async function predict(event: Interaction): Promise<Record<System, number>> {
    const target = items.index(event.itemId)
    if (!met.anyone(target)) return bySystem(() => Number.POSITIVE_INFINITY)
    const { context, blended } = await recommender.score(event.userId, event.at)
    const { table } = online
    scoreReference(context, reference, items.size, met.rarity)
    const scores: Record<System, (item: number) => number> = {
      popularity: (item) => met.visits(item),
      'decayed-popularity': (item) => table.trend[item] ?? 0,
      'co-visitation': (item) => reference.get(item) + 1e-9 * met.visits(item),
      blend: (item) => blended.get(item),
    }
    const eligible = met.eligible(event.userId)
    return bySystem((system) => rankOf(target, eligible, eligible.length, scores[system]))
  }
}

function slicesOf(event: Interaction, sequence: number, size: number): string[] {
  const slices: string[] = ['all']
  if (sequence >= 0.8 * size) slices.push('last-20%')
  if (sequence >= 0.9 * size) slices.push('last-10%')
  if ((event.value ?? LIKED) < LIKED) return slices
  return [...slices, ...slices.map((slice) => `${slice}, rating >= ${LIKED}`)]
}

/** Who has met what, exactly, whatever the state keeps. */
class Met {
  readonly #items: ItemIndex
  readonly #byUser = new Map<string, Set<number>>()
  /** By item index. */
  rarity = new Float64Array(0)
  #visits: number[] = []
  #all: number[] = []
  #scratch = new Int32Array(1024)

  constructor(items: ItemIndex) {
    this.#items = items
  }

  by(userId: string): boolean {
    return this.#byUser.has(userId)
  }

  anyone(item: number): boolean {
    return this.visits(item) > 0
  }

  visits(item: number): number {
    return this.#visits[item] ?? 0
  }

  /** Items that someone has met and the user has not. */
  eligible(userId: string): Int32Array {
    const seen = this.#byUser.get(userId)!
    if (this.#scratch.length < this.#all.length) this.#scratch = new Int32Array(2 * this.#all.length)
    let count = 0
    for (const item of this.#all) if (!seen.has(item)) this.#scratch[count++] = item
    return this.#scratch.subarray(0, count)
  }

  add({ userId, itemId }: Interaction): void {
    const item = this.#items.index(itemId)
    if (!this.anyone(item)) this.#all.push(item)
    this.#visits[item] = this.visits(item) + 1
    if (this.rarity.length <= item) this.rarity = grown(this.rarity, 2 * (item + 1))
    this.rarity[item] = referenceRarity(this.visits(item))
    const seen = this.#byUser.get(userId)
    if (seen) seen.add(item)
    else this.#byUser.set(userId, new Set([item]))
  }
}

function grown(column: Float64Array, size: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(size)
  larger.set(column)
  return larger
}

function bySystem<T>(value: (system: System) => T): Record<System, T> {
  return Object.fromEntries(SYSTEMS.map((system) => [system, value(system)])) as Record<System, T>
}

function emptyBySystem(): Record<System, RankingSums> {
  return bySystem(emptySums)
}

/** Adds the sums of another share. */
export function mergePrequential(into: PrequentialSums, other: PrequentialSums): void {
  for (const [slice, systems] of Object.entries(other)) {
    into[slice] ??= emptyBySystem()
    for (const system of SYSTEMS) mergeSums(into[slice][system], systems[system])
  }
}

export interface Report {
  readonly protocol: string
  readonly data: string
  readonly seed: number | null
  readonly slices: readonly {
    readonly name: string
    readonly n: number
    readonly systems: Readonly<Record<string, Record<string, number>>>
  }[]
}

export function reportPrequential(data: string, sums: PrequentialSums): Report {
  const names = SLICES.flatMap((slice) => [slice, `${slice}, rating >= ${LIKED}`])
  return {
    protocol: 'prequential',
    data,
    seed: null,
    slices: names.flatMap((name) => {
      const systems = sums[name]
      if (!systems) return []
      const metrics = SYSTEMS.map((system) => [system, metricsOf(systems[system])])
      return [{ name, n: systems.blend.n, systems: Object.fromEntries(metrics) }]
    }),
  }
}
