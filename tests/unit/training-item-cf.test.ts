import { expect, it } from 'vitest'
import { neighbourLists } from '../../src/kernels/neighbour-lists.ts'
import { CoOccurrence } from '../../src/training/co-occurrence.ts'
import { ease } from '../../src/training/ease.ts'
import { ITEM_CF_RECIPE, itemCfTrainer } from '../../src/training/item-cf-trainer.ts'
import { plantedTrainingSet } from '../fakes/planted-training-set.ts'

const set = plantedTrainingSet()
const items = set.itemIds.length

it('item-cf lists hold the strongest weights of EASE, and newer items of a history vote more', async () => {
  const recipe = { ...ITEM_CF_RECIPE, neighbours: items, lambda: 5, decay: 0.5 }
  const { tensors } = await itemCfTrainer(recipe).train(set, { seed: 1, budgetSeconds: 10 })
  const counts = new CoOccurrence(set.userIds.length, items)
  for (let event = 0; event < set.item.length; event++) counts.learn(Math.floor(event / 12), set.item[event]!)
  const weights = ease(counts, recipe.lambda)
  const scores = new Float64Array(items)
  const history = {
    length: 3,
    item: Int32Array.of(3, -1, 5),
    kind: new Uint8Array(3),
    value: new Float32Array(3),
    at: Float64Array.of(1, 2, 3),
    now: 4,
  }
  neighbourLists(tensors).vote(history, (item, vote) => {
    scores[item]! += vote
  })
  for (let item = 0; item < items; item++) {
    expect(scores[item]).toBeCloseTo(weights[5 * items + item]! + 0.25 * weights[3 * items + item]!, 5)
  }
})

it('item-cf keeps to the most visited items where there are too many', async () => {
  const { tensors, metrics } = await itemCfTrainer({ ...ITEM_CF_RECIPE, mostItems: 10 }).train(set, {
    seed: 1,
    budgetSeconds: 10,
  })
  expect(metrics.items).toBe(10)
  const { data, shape } = tensors.get('neighbours')!
  const withNeighbours = Array.from({ length: items }, (_, item) => data[item * shape[1]!]!).filter(
    (first) => first >= 0,
  )
  expect(withNeighbours).toHaveLength(10)
})
