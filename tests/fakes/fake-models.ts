// Models that need no training: vectors by topic. An item's is near its topic's, a query is the mean of the last items.

import type { Item } from '../../src/events/types.ts'
import { PairScoreTable } from '../../src/kernels/pair-score-table.ts'
import type { ItemTower } from '../../src/models/item-tower.ts'
import type { ModelKernels } from '../../src/models/model-kernels.ts'
import { type ModelName, RANKERS, type TrainedModel } from '../../src/models/model-trainer.ts'
import type { QueryModel } from '../../src/models/query-model.ts'
import type { Tensors } from '../../src/models/tensors.ts'
import type { TrainingSet } from '../../src/models/training-set.ts'
import { Random } from '../../src/random.ts'

export const DIMENSIONS = 16
const TOPICS = 8
const LATEST = 5
const START = Date.UTC(2001, 0)

export const topicOf = (item: number) => item % TOPICS

/** Users who stay with one topic each, one event a minute over all of them. */
export function topicalSet({ users = 120, items = 160, each = 12, seed = 1 } = {}): TrainingSet {
  const random = new Random(seed)
  const size = users * each
  const starts = Uint32Array.from({ length: users + 1 }, (_, user) => user * each)
  const item = new Uint32Array(size)
  const at = new Float64Array(size)
  for (let user = 0; user < users; user++) {
    const ofTopic = Array.from({ length: items / TOPICS }, (_, i) => TOPICS * i + (user % TOPICS))
    for (let i = 0; i < each; i++) {
      item[user * each + i] = ofTopic.splice(random.below(ofTopic.length), 1)[0]!
      at[user * each + i] = START + 60_000 * (i * users + user)
    }
  }
  const itemIds = Array.from({ length: items }, (_, i) => `i${i}`)
  return {
    userIds: Array.from({ length: users }, (_, i) => `u${i}`),
    users: Array(users).fill(undefined),
    itemIds,
    items: itemIds.map((itemId, i) => topicalItem(itemId, topicOf(i))),
    starts,
    item,
    kind: new Uint8Array(size).fill(1),
    value: new Float32Array(size).fill(Number.NaN),
    at,
    place: new Int16Array(size).fill(-1),
    positionBias: 0,
    asOf: at.reduce((a, b) => Math.max(a, b), 0),
  }
}

export function topicalItem(itemId: string, topic: number): Item {
  return { itemId, title: `Title ${itemId}`, genres: [`Topic ${topic}`] }
}

/** @param noise 0 for vectors that tell topics apart, large for ones that do not */
export function topicalModel(items: number, { noise = 0.3, seed = 1 } = {}): TrainedModel {
  const random = new Random(seed)
  const data = new Float32Array(items * DIMENSIONS)
  for (let item = 0; item < items; item++) {
    for (let i = 0; i < DIMENSIONS; i++) {
      data[item * DIMENSIONS + i] = (i === topicOf(item) ? 1 : 0) + noise * random.normal()
    }
  }
  return { tensors: new Map([['items', { shape: [items, DIMENSIONS], data }]]), metrics: { loss: noise } }
}

/** Every item's neighbours are the others of its topic. */
export function topicalNeighbours(items: number, length = 5): TrainedModel {
  const neighbours = new Float32Array(items * length)
  for (let at = 0; at < neighbours.length; at++) {
    const item = Math.floor(at / length)
    neighbours[at] = (item + TOPICS * (1 + (at % length))) % items
  }
  const weights = new Float32Array(items * length).fill(1)
  const shape = [items, length]
  return {
    tensors: new Map([
      ['neighbours', { shape, data: neighbours }],
      ['weights', { shape, data: weights }],
    ]),
    metrics: {},
  }
}

function queryModel(name: ModelName, tensors: Tensors): QueryModel | undefined {
  if (RANKERS.has(name) || name === 'item-cf') return undefined
  const { data, shape } = tensors.get('items')!
  const sign = tensors.get('sign')?.data[0] ?? 1
  const dimensions = shape[1]!
  // A model may ask for the same whatever the history is.
  const fixed = tensors.get('query')
  return {
    dimensions,
    items: data,
    query(history, into) {
      if (fixed) {
        into.set(fixed.data)
        return true
      }
      into.fill(0)
      const liked = history.length === 0 && history.attributes?.topic
      if (liked) {
        into[Number(liked)] = 1
        return true
      }
      let count = 0
      for (let i = history.length - 1; i >= 0 && count < LATEST; i--) {
        const item = history.item[i]!
        if (item < 0) continue
        for (let d = 0; d < dimensions; d++) into[d]! += sign * data[item * dimensions + d]!
        count++
      }
      return count > 0
    },
  }
}

/** Knows an item by its topic's genre. */
function itemTower(): ItemTower {
  return {
    dimensions: DIMENSIONS,
    embed(item, into) {
      const topic = Number(/^Topic (\d+)$/.exec(item.genres?.[0] ?? '')?.[1])
      if (Number.isNaN(topic)) return false
      into.fill(0)
      into[topic] = 1
      return true
    },
  }
}

export const fakeKernels: ModelKernels = {
  queryModel,
  itemTower,
  pairScores: (tensors) => new PairScoreTable(tensors),
  neighbourVotes(tensors) {
    const { data, shape } = tensors.get('neighbours')!
    const length = shape[1]!
    return {
      vote({ item }, add) {
        for (const one of item) for (let at = one * length; at < (one + 1) * length; at++) add(data[at]!, 1)
      },
    }
  },
}
