import * as tf from '@tensorflow/tfjs-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { KINDS } from '../../src/events/kinds.ts'
import { DinKernel, type DinRequest } from '../../src/kernels/din-kernel.ts'
import { HEADS, readDin } from '../../src/kernels/din-weights.ts'
import { GAP_BUCKETS, VALUE_BUCKETS } from '../../src/kernels/event-context.ts'
import { PairScoreTable } from '../../src/kernels/pair-score-table.ts'
import { Random } from '../../src/random.ts'
import { batchOf } from '../../src/training/din-batches.ts'
import { activationUnit } from '../../src/training/din-layers.ts'
import { DinModel, dinParameters } from '../../src/training/din-model.ts'
import { encodeDin } from '../../src/training/din-tensors.ts'
import { Dropout } from '../../src/training/dropout.ts'
import { makeParameters, readParameters } from '../../src/training/parameters.ts'
import type { RankingExample } from '../../src/training/ranking-examples.ts'
import { openTensorFlow } from '../../src/training/tensorflow.ts'
import { plainDin } from '../fakes/plain-din.ts'

const ITEMS = 150
const NAMES = ['blend', 'year', 'visits']
const CONTEXTS = ['gap', 'pace']
const SETTINGS = { width: 8, unit: 12, layer: 16, dropout: 0.3, satisfaction: 0.5 }
const shape = { candidates: 400, entries: 50 }

/** Candidates and histories by chance; features that add up to 0, and that half floats hold as they are. */
function exampleBy(random: Random, candidates = 36, entries = 13): RankingExample {
  const features = new Float16Array(candidates * NAMES.length)
  const half = features.length / 2
  for (let i = 0; i < half; i++) {
    features[i] = Math.round(8 * random.normal()) / 8
    features[half + i] = -features[i]!
  }
  return {
    items: Int32Array.from({ length: candidates }, () => random.below(ITEMS)),
    features,
    means: new Float32Array(NAMES.length),
    context: Float32Array.from(CONTEXTS, () => random.normal()),
    history: {
      length: entries,
      item: Int32Array.from({ length: entries }, () => random.below(ITEMS)),
      kind: Uint8Array.from({ length: entries }, () => random.below(KINDS.length)),
      value: Uint8Array.from({ length: entries }, () => random.below(VALUE_BUCKETS)),
      age: Uint8Array.from({ length: entries }, () => random.below(GAP_BUCKETS)),
    },
    logWeight: new Float32Array(candidates),
    engaged: 1,
    satisfied: 1,
  }
}

/** As serving asks: with the features as they are. */
function requestOf({ items, features, context, history }: RankingExample): DinRequest {
  return { items, features: Float32Array.from(features), context, history }
}

/** Parameters by chance, also those that training begins with as zeros. */
function network(random: Random) {
  const initials = dinParameters(ITEMS, NAMES.length, CONTEXTS.length, SETTINGS)
  const parameters = makeParameters(
    Object.fromEntries(
      Object.entries(initials).map(([name, initial]) => [name, { ...initial, deviation: initial.deviation || 0.3 }]),
    ),
    random,
    Array.from({ length: ITEMS }, (_, item) => `i${item}`),
  )
  return { parameters, model: new DinModel(parameters, SETTINGS, new Dropout(SETTINGS.dropout, random)) }
}

beforeAll(async () => {
  await openTensorFlow()
})

describe('the forward passes agree', () => {
  const random = new Random(3)
  const examples = [exampleBy(random), exampleBy(random, 36, 50), exampleBy(random, 30, 1)]
  const scaling = {
    scale: Float32Array.of(1.3, 0.7, 2),
    contextMean: Float32Array.of(0.2, -0.4),
    contextScale: Float32Array.of(0.9, 1.4),
  }

  it('the kernel answers what TensorFlow.js and the network written down plainly answer, within 1e-4', () => {
    const { parameters, model } = network(random)
    const tensors = encodeDin(readParameters(parameters), scaling, NAMES, CONTEXTS)
    const kernel = new DinKernel(tensors, NAMES, CONTEXTS)
    const batch = batchOf(examples, scaling, shape, random)
    const trained = model.logits(batch).dataSync()
    examples.forEach((example, slate) => {
      const request = requestOf(example)
      const served = kernel.rank(request)
      const plain = plainDin(readDin(tensors, NAMES, CONTEXTS), request)
      expect(served.length).toBe(example.items.length * HEADS)
      for (let i = 0; i < served.length; i++) {
        expect(Math.abs(served[i]! - trained[slate * batch.candidates * HEADS + i]!)).toBeLessThan(1e-4)
        expect(Math.abs(served[i]! - plain[i]!)).toBeLessThan(1e-4)
      }
    })
  })

  it('a candidate or an entry that the vocabulary lacks is met with features alone', () => {
    const { parameters } = network(random)
    const tensors = encodeDin(readParameters(parameters), scaling, NAMES, CONTEXTS)
    const weights = readDin(tensors, NAMES, CONTEXTS)
    const example = exampleBy(random)
    const request = requestOf(example)
    request.items[3] = -1
    request.history.item[2] = -1
    const served = new DinKernel(tensors, NAMES, CONTEXTS).rank(request)
    plainDin(weights, request).forEach((logit, i) => {
      expect(Math.abs(served[i]! - logit)).toBeLessThan(1e-4)
    })
  })

  it('a network that was not trained with a feature gives it no say', () => {
    const { parameters } = network(random)
    const tensors = encodeDin(readParameters(parameters), scaling, NAMES, CONTEXTS)
    const example = exampleBy(random)
    const request = requestOf(example)
    const before = new DinKernel(tensors, NAMES, CONTEXTS).rank(request)
    const wider = Float32Array.from({ length: 4 * example.items.length }, (_, i) =>
      i % 4 === 3 ? random.normal() : request.features[3 * Math.floor(i / 4) + (i % 4)]!,
    )
    const after = new DinKernel(tensors, [...NAMES, 'a-later-source'], CONTEXTS).rank({ ...request, features: wider })
    expect([...after].every((logit, i) => Math.abs(logit - before[i]!) < 1e-4)).toBe(true)
  })
})

it('the table of pairs keeps as many rows as its bytes allow, the latest used', () => {
  const { parameters } = network(new Random(5))
  const tensors = readParameters(parameters)
  const all = new PairScoreTable(tensors)
  const few = new PairScoreTable(tensors, 3 * 4 * ITEMS)
  for (const item of [0, 1, 2, 0, 3, 4]) expect(few.of(item)).toEqual(all.of(item))
  expect(few.rows).toBe(3)
  expect(all.rows).toBe(5)
})

it('the gradients of the activation unit are those of what it is made of', () => {
  const random = new Random(11)
  const tensor = (...shape: number[]) =>
    tf.tensor(
      Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => random.normal()),
      shape,
    )
  const [left, right, slope, out, ask] = [tensor(2, 12, 5), tensor(2, 4, 5), tensor(3), tensor(3), tensor(2, 4, 4)]
  const own = tf.grads((l, r, s, o) =>
    tf.sum(tf.mul(activationUnit(l as tf.Tensor3D, r as tf.Tensor3D, s as tf.Tensor1D, o as tf.Tensor1D), ask!)),
  )
  const plain = tf.grads((l, r, s, o) => {
    const known = tf.reshape(tf.matMul(l as tf.Tensor3D, r as tf.Tensor3D, false, true), [2, 3, 4, 4])
    // Of operations that have a gradient on every backend.
    const below = tf.mul(tf.relu(tf.mul(known, -1)), tf.mul(tf.reshape(s, [3, 1, 1]), -1))
    const active = tf.add(tf.relu(known), below)
    return tf.sum(tf.mul(tf.sum(tf.mul(active, tf.reshape(o, [3, 1, 1])), 1), ask!))
  })
  const inputs = [left!, right!, slope!, out!]
  const expected = plain(inputs).map((gradient) => gradient.arraySync().toString().split(',').map(Number))
  own(inputs).forEach((gradient, i) => {
    gradient
      .arraySync()
      .toString()
      .split(',')
      .forEach((value, at) => {
        expect(Number(value)).toBeCloseTo(expected[i]![at]!, 3)
      })
  })
})
