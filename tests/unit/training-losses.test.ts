import * as tf from '@tensorflow/tfjs-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { Random } from '../../src/random.ts'
import { attentionBias } from '../../src/training/attention-bias.ts'
import { itemFactors } from '../../src/training/item-factors.ts'
import { fullSoftmaxLoss, pairwiseLoss } from '../../src/training/layers.ts'
import { sampledSoftmaxLoss } from '../../src/training/sampled-softmax.ts'
import { openTensorFlow } from '../../src/training/tensorflow.ts'
import { plantedTrainingSet } from '../fakes/planted-training-set.ts'

const [COUNT, ITEMS, WIDTH] = [6, 20, 4]
const random = new Random(3)
const targets = Int32Array.from({ length: COUNT }, (_, row) => (7 * row) % ITEMS)
const normal = (rows: number) => Float32Array.from({ length: rows * WIDTH }, () => random.normal())
const [queryData, itemData] = [normal(COUNT), normal(ITEMS)]

beforeAll(async () => {
  await openTensorFlow()
  // Loading it takes a busy machine long.
}, 60_000)

/** Loss, and gradients by queries and items. */
function lossAndSlopes(loss: (queries: tf.Tensor2D, items: tf.Tensor2D) => tf.Scalar) {
  const inputs = [tf.tensor2d(queryData, [COUNT, WIDTH]), tf.tensor2d(itemData, [ITEMS, WIDTH])]
  const { value, grads } = tf.valueAndGrads((q, e) => loss(q as tf.Tensor2D, e as tf.Tensor2D))(inputs)
  return [value, ...grads].map((tensor) => [...tensor.dataSync()])
}

function expectClose(actual: number[][], expected: number[][], digits: number): void {
  actual.flat().forEach((value, i) => {
    expect(value).toBeCloseTo(expected.flat()[i]!, digits)
  })
}

describe('the sampled softmax', () => {
  const full = () => lossAndSlopes((q, e) => fullSoftmaxLoss(q, e, targets))

  it('is the softmax over all items where all of them are drawn', () => {
    const all = Int32Array.from({ length: ITEMS }, (_, item) => (3 * item) % ITEMS)
    expectClose(
      lossAndSlopes((q, e) => sampledSoftmaxLoss(q, e, targets, all)),
      full(),
      5,
    )
  })

  it('comes near it on average over draws, its gradients too', () => {
    const draws = 150
    const mean = full().map((values) => values.map(() => 0))
    for (let draw = 0; draw < draws; draw++) {
      const drawn = new Set<number>()
      while (drawn.size < ITEMS - 2) drawn.add(random.below(ITEMS))
      const one = lossAndSlopes((q, e) => sampledSoftmaxLoss(q, e, targets, Int32Array.from(drawn)))
      one.forEach((values, i) => {
        for (const [j, value] of values.entries()) mean[i]![j]! += value / draws
      })
    }
    expect(Math.abs(mean[0]![0]! - full()[0]![0]!)).toBeLessThan(0.05)
    expectClose(mean, full(), 1)
  })
})

describe('the pairwise loss', () => {
  it('is that of the sigmoid of the differences, with its gradient', () => {
    const data = Float32Array.of(2, 1, -1e9, 0.5, 0.5, 3)
    const own = Int32Array.of(0, 2)
    const loss = (logits: tf.Tensor) => pairwiseLoss(logits as tf.Tensor2D, own)
    const { value, grad } = tf.valueAndGrad(loss)(tf.tensor2d(data, [2, 3]))
    const below = (difference: number) => 1 / (1 + Math.exp(difference))
    const minusLogs = [
      Math.log(2),
      -Math.log(1 - below(1)),
      0,
      ...[2.5, 2.5].map((d) => -Math.log(1 - below(d))),
      Math.log(2),
    ]
    expect(value.dataSync()[0]).toBeCloseTo(minusLogs.reduce((a, b) => a + b) / 6, 5)
    const expected = [-below(1), below(1), 0, below(2.5), below(2.5), -2 * below(2.5)].map((slope) => slope / 6)
    grad.dataSync().forEach((slope, i) => {
      expect(slope).toBeCloseTo(expected[i]!, 5)
    })
  })
})

describe('the bias of attention', () => {
  it('adds up what distance and time say, and sees nothing later', () => {
    const distance = tf.tensor2d([0, 1, 2, 3, 4, 5], [3, 2])
    const age = tf.tensor2d([0, 0, 10, 20, 30, 40], [3, 2])
    // Two windows of two events; in the second they are two buckets apart.
    const ages = Int32Array.of(0, 0, 1, 0, 0, 0, 2, 0)
    const bias = () => attentionBias(distance, age, ages, 2)
    expect([...bias().dataSync()]).toEqual(
      // First head, then second: of each window 0 → 0, 0 → 1, 1 → 0, 1 → 1.
      [0, -1e9, 12, 0, 0, -1e9, 32, 0, 1, -1e9, 23, 1, 1, -1e9, 43, 1].map(Math.fround),
    )
    const slopes = tf.grads((d, a) => attentionBias(d as tf.Tensor2D, a as tf.Tensor2D, ages, 2))([distance, age])
    expect(slopes.map((slope) => [...slope.dataSync()])).toEqual([
      [4, 4, 2, 2, 0, 0],
      [4, 4, 1, 1, 1, 1],
    ])
  })
})

describe('factors of what is met together', () => {
  it('put what stands next to each other in histories close together, and nothing where nobody has been', () => {
    const set = plantedTrainingSet({ users: 60, items: 40 })
    const width = 8
    const factors = itemFactors({ ...set, itemIds: [...set.itemIds, 'new'] }, width, new Random(1))
    const near = (a: number, b: number) => {
      let sum = 0
      for (let i = 0; i < width; i++) sum += factors[a * width + i]! * factors[b * width + i]!
      return sum
    }
    for (let item = 0; item < 40; item++) {
      expect(near(item, (item + 1) % 40)).toBeGreaterThan(near(item, (item + 20) % 40) + 0.1)
      expect(near(item, item)).toBeLessThan(1)
    }
    expect(near(40, 40)).toBe(0)
  })
})
