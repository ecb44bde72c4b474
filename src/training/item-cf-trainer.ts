import type { ModelTrainer, TrainedModel, TrainOptions } from '../models/model-trainer.ts'
import type { TrainingSet } from '../models/training-set.ts'
import { CoOccurrence } from './co-occurrence.ts'
import { ease } from './ease.ts'

export interface ItemCfRecipe {
  /** Items with neighbours, the most visited: memory grows with its square, time with its cube. */
  readonly mostItems: number
  /** Kept of each item, by absolute weight. */
  readonly neighbours: number
  /** L2 regularisation. */
  readonly lambda: number
  /** Newest events of a history that vote, and what the j-th newest weighs: decay^j. */
  readonly window: number
  readonly decay: number
}

export const ITEM_CF_RECIPE: ItemCfRecipe = { mostItems: 5000, neighbours: 200, lambda: 500, window: 30, decay: 0.9 }

/** EASE as neighbour lists. Deterministic; a warm start gains nothing, since the solution is in closed form. */
export function itemCfTrainer(recipe: ItemCfRecipe = ITEM_CF_RECIPE): ModelTrainer {
  return { name: 'item-cf', train: (set, options) => train(set, options, recipe) }
}

async function train(set: TrainingSet, options: TrainOptions, recipe: ItemCfRecipe): Promise<TrainedModel> {
  const start = performance.now()
  const { signal, onProgress } = options
  const report = (step: number) =>
    onProgress?.({ model: 'item-cf', step, steps: 2, loss: 0, learningRate: 0, etaSeconds: 0 })
  const { chosen, compact } = mostVisited(set, recipe.mostItems)
  const counts = new CoOccurrence(set.userIds.length, chosen.length)
  for (let user = 0; user < set.userIds.length; user++) {
    for (let event = set.starts[user]!; event < set.starts[user + 1]!; event++) {
      const item = compact[set.item[event]!]!
      if (item >= 0) counts.learn(user, item)
    }
  }
  report(1)
  await new Promise(setImmediate)
  signal?.throwIfAborted()
  const weights = ease(counts, recipe.lambda)
  await new Promise(setImmediate)
  signal?.throwIfAborted()
  const lists = strongest(weights, chosen, set.itemIds.length, recipe.neighbours)
  report(2)
  const shape = [set.itemIds.length, recipe.neighbours]
  return {
    tensors: new Map([
      ['neighbours', { shape, data: lists.neighbours }],
      ['weights', { shape, data: lists.weights }],
      ['window', { shape: [1], data: Float32Array.of(recipe.window) }],
      ['decay', { shape: [1], data: Float32Array.of(recipe.decay) }],
    ]),
    metrics: { seconds: (performance.now() - start) / 1000, items: chosen.length },
  }
}

/** @returns item indexes, and by item index the position among them, -1 for an item that is not */
function mostVisited(set: TrainingSet, most: number): { chosen: Uint32Array; compact: Int32Array } {
  const visits = new Uint32Array(set.itemIds.length)
  for (const item of set.item) visits[item]!++
  const met = Uint32Array.from(visits.keys()).filter((item) => visits[item]! > 0)
  const chosen =
    met.length <= most
      ? met
      : met
          .sort((a, b) => visits[b]! - visits[a]!)
          .slice(0, most)
          .sort()
  const compact = new Int32Array(set.itemIds.length).fill(-1)
  chosen.forEach((item, position) => {
    compact[item] = position
  })
  return { chosen, compact }
}

/** Item indexes are held as floats, exact up to 2^24; -1 where a list ends. */
function strongest(rows: Float32Array, chosen: Uint32Array, items: number, kept: number) {
  const neighbours = new Float32Array(items * kept).fill(-1)
  const weights = new Float32Array(items * kept)
  const size = chosen.length
  chosen.forEach((item, position) => {
    const row = rows.subarray(position * size, (position + 1) * size)
    const order = Uint32Array.from(row.keys()).filter((other) => row[other] !== 0)
    order.sort((a, b) => Math.abs(row[b]!) - Math.abs(row[a]!))
    order.subarray(0, kept).forEach((other, rank) => {
      neighbours[item * kept + rank] = chosen[other]!
      weights[item * kept + rank] = row[other]!
    })
  })
  return { neighbours, weights }
}
