import { describe, expect, it } from 'vitest'
import { decodeTensors, encodeTensors } from '../../src/models/tensors.ts'
import { Random } from '../../src/random.ts'
import type { FeatureTable } from '../../src/ranking/features.ts'
import { rankCandidates } from '../../src/ranking/rank-candidates.ts'
import { RankerLearner } from '../../src/ranking/ranker-learner.ts'
import {
  decodeParameters,
  decodeStart,
  encodeParameters,
  initialParameters,
  type RankerParameters,
} from '../../src/ranking/ranker-parameters.ts'

const NAMES = ['blend', 'visits', 'year'] as const
const CONTEXT = ['gap'] as const
const COUNT = 30

function tableOf(random: Random, gap: number): FeatureTable {
  const items = Float32Array.from({ length: COUNT * NAMES.length }, () => 5 + 3 * random.normal())
  return { candidates: Array.from({ length: COUNT }, (_, i) => i), items, context: Float32Array.of(gap) }
}

function logits(parameters: RankerParameters, table: FeatureTable): Float64Array {
  const into = new Float64Array(COUNT)
  rankCandidates(parameters, table, into)
  return into
}

/** Row with the greatest value of a feature. */
function best({ items }: FeatureTable, feature: (typeof NAMES)[number]): number {
  const column = Array.from({ length: COUNT }, (_, row) => items[row * NAMES.length + NAMES.indexOf(feature)]!)
  return column.indexOf(Math.max(...column))
}

/** Learns from people who take the most visited after a long gap, and the latest after a short one. */
function taught(examples: number, seed = 1) {
  const random = new Random(seed)
  const learner = new RankerLearner(NAMES, CONTEXT, { random: new Random(seed), learningRate: 0.01 })
  for (let i = 0; i < examples; i++) {
    const gap = i % 2 === 0 ? 10 : 1
    const table = tableOf(random, gap)
    learner.learn(table, best(table, gap > 5 ? 'visits' : 'year'))
  }
  return learner
}

describe('the ranker', () => {
  it('orders by the blend before it has learned anything', () => {
    const parameters = initialParameters(NAMES, CONTEXT, new Random(1))
    const table = tableOf(new Random(2), 3)
    const order = logits(parameters, table)
    expect(order.indexOf(Math.max(...order))).toBe(best(table, 'blend'))
    expect(order[0]! - order[1]!).toBeCloseTo(table.items[0]! - table.items[NAMES.length]!, 5)
  })

  it('learns what people take, and that it depends on the context', () => {
    const { parameters, loss } = taught(1_000)
    expect(loss).toBeLessThan(Math.log(COUNT) / 3)
    const random = new Random(9)
    let right = 0
    for (let i = 0; i < 100; i++) {
      const gap = i % 2 === 0 ? 10 : 1
      const table = tableOf(random, gap)
      const order = logits(parameters, table)
      if (order.indexOf(Math.max(...order)) === best(table, gap > 5 ? 'visits' : 'year')) right++
    }
    expect(right).toBeGreaterThan(85)
  })

  it('is the same for the same seed and examples', () => {
    expect(taught(50).parameters).toEqual(taught(50).parameters)
    expect(taught(50).parameters).not.toEqual(taught(50, 2).parameters)
  })

  it('does not forget what it learned before for what it learns now', () => {
    const learner = new RankerLearner(NAMES, CONTEXT, { random: new Random(1) })
    const random = new Random(6)
    const teach = (feature: (typeof NAMES)[number], gap: number) => {
      const table = tableOf(random, gap)
      learner.learn(table, best(table, feature))
    }
    for (let i = 0; i < 600; i++) teach(i % 2 === 0 ? 'visits' : 'year', i % 2 === 0 ? 10 : 1)
    for (let i = 0; i < 400; i++) teach('year', 1)
    let right = 0
    for (let i = 0; i < 100; i++) {
      const table = tableOf(random, 10)
      const order = logits(learner.parameters, table)
      if (order.indexOf(Math.max(...order)) === best(table, 'visits')) right++
    }
    expect(right).toBeGreaterThan(85)
  })

  it('learns again from what it has been shown, when it settles', () => {
    const learner = new RankerLearner(NAMES, CONTEXT, { random: new Random(1) })
    learner.settle(100)
    expect(learner.examples).toBe(0)
    const table = tableOf(new Random(4), 2)
    const probability = () => {
      const values = logits(learner.parameters, table)
      return Math.exp(values[7]!) / values.reduce((sum, value) => sum + Math.exp(value), 0)
    }
    for (let i = 0; i < 8; i++) learner.learn(table, 7)
    const before = probability()
    learner.settle(8_000)
    expect(probability()).toBeGreaterThan(2 * before)
    expect(learner.examples).toBe(8)
  })

  it('lowers the loss by a small step, so its gradient points the right way', () => {
    const table = tableOf(new Random(4), 2)
    const lossOf = (parameters: RankerParameters) => {
      const values = logits(parameters, table)
      const most = Math.max(...values)
      return Math.log(values.reduce((sum, value) => sum + Math.exp(value - most), 0)) + most - values[7]!
    }
    const learner = new RankerLearner(NAMES, CONTEXT, { random: new Random(1), learningRate: 1e-3 })
    const losses: number[] = []
    for (let step = 0; step < 20; step++) {
      for (let i = 0; i < 8; i++) learner.learn(table, 7)
      losses.push(lossOf(learner.parameters))
    }
    for (let step = 2; step < losses.length; step++) expect(losses[step]).toBeLessThan(losses[step - 1]!)
  })

  it('ranks the same after it was stored and read, and features of later have no say', () => {
    const { parameters } = taught(200)
    const { tensors } = decodeTensors(encodeTensors(encodeParameters(parameters)))
    const table = tableOf(new Random(3), 10)
    const expected = logits(parameters, table)
    const read = decodeParameters(tensors, NAMES, CONTEXT)
    logits(read, table).forEach((logit, row) => {
      expect(logit).toBeCloseTo(expected[row]!, 4)
    })
    const wider = decodeParameters(tensors, ['new source', ...NAMES], ['best-new source', ...CONTEXT])
    const items = new Float32Array(COUNT * 4)
    for (let row = 0; row < COUNT; row++) {
      items[4 * row] = 100 * row
      items.set(table.items.subarray(3 * row, 3 * row + 3), 4 * row + 1)
    }
    logits(wider, { ...table, items, context: Float32Array.of(77, 10) }).forEach((logit, row) => {
      expect(logit).toBeCloseTo(expected[row]!, 4)
    })
  })

  it('learning goes on from a ranker of this shape only', () => {
    const tensors = encodeParameters(taught(10).parameters)
    expect(decodeStart(tensors, NAMES, CONTEXT)).toEqual(decodeParameters(tensors, NAMES, CONTEXT))
    const { data } = tensors.get('item/blend')!
    const smaller = new Map([...tensors, ['item/blend', { shape: [34], data: data.slice(0, 34) }] as const])
    expect(decodeStart(smaller, NAMES, CONTEXT)).toBeUndefined()
    expect(decodeStart(new Map(), NAMES, CONTEXT)).toBeUndefined()
  })

  it('gives no weight to what never differed in training', () => {
    const learner = new RankerLearner(NAMES, CONTEXT, { random: new Random(1) })
    const random = new Random(5)
    for (let i = 0; i < 100; i++) {
      const table = tableOf(random, 3)
      for (let row = 0; row < COUNT; row++) table.items[3 * row + 2] = 0
      learner.learn(table, best(table, 'visits'))
    }
    const table = tableOf(random, 3)
    const plain = logits(learner.parameters, table)
    for (let row = 0; row < COUNT; row++) table.items[3 * row + 2] = 1000 * row
    expect(logits(learner.parameters, table)).toEqual(plain)
  })
})
