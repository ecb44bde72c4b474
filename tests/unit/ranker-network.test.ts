import { expect, it } from 'vitest'
import { columnMoments } from '../../src/kernels/column-moments.ts'
import { Random } from '../../src/random.ts'
import { rankCandidates } from '../../src/ranking/rank-candidates.ts'
import { RankerNetwork, TRAINED } from '../../src/ranking/ranker-network.ts'
import { type RankerParameters, zeroParameters } from '../../src/ranking/ranker-parameters.ts'
import { PlainRanker } from '../fakes/plain-ranker.ts'

const random = new Random(1)
const numbers = (length: number, around = 0) => Float32Array.from({ length }, () => around + random.normal())

/** All of them drawn by chance, weights small enough for no candidate to be certain; the last feature has no say. */
function parametersOf(features: number, contextFeatures: number): RankerParameters {
  const names = Array.from({ length: features }, (_, f) => `feature ${f}`)
  const contextNames = Array.from({ length: contextFeatures }, (_, c) => `context ${c}`)
  const parameters = zeroParameters(names, contextNames)
  for (const values of Object.values(parameters)) {
    if (values instanceof Float64Array) for (let i = 0; i < values.length; i++) values[i] = 0.3 * random.normal()
  }
  parameters.scale.fill(0, features - 1)
  return parameters
}

/** The greatest difference, relative to the greatest number. */
function error(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(found.length).toBe(expected.length)
  const largest = Math.max(...Array.from(expected, Math.abs))
  return Math.max(...Array.from(expected, (value, i) => Math.abs(found[i]! - value))) / largest
}

it.each([
  { features: 3, contextFeatures: 1, count: 2 },
  { features: 34, contextFeatures: 20, count: 64 },
  { features: 40, contextFeatures: 7, count: 13 },
])('the gradient over $count rows of $features and $contextFeatures features is the one written down plainly', (of) => {
  const { features, contextFeatures, count } = of
  const parameters = parametersOf(features, contextFeatures)
  const plain = new PlainRanker(parameters)
  const network = new RankerNetwork(features, contextFeatures, 64)
  for (const name of TRAINED) network.weights[name].set(parameters[name])
  network.scale.set(parameters.scale)
  // Gradients add up, and what a longer list left behind does not matter.
  for (const rows of [count, Math.ceil(count / 2), count]) {
    const halves = new Float16Array(numbers(rows * features))
    const context = numbers(contextFeatures)
    network.context.set(context)
    const scaled = Float32Array.from(halves, (value, i) => value * parameters.scale[i % features]!)
    plain.forward(scaled, context)
    expect(network.forward(halves)).toBe(rows)
    expect(error(network.logits.subarray(0, rows), plain.logits)).toBeLessThan(1e-5)
    const loss = plain.backward()
    expect(Math.abs(network.backward(rows) - loss)).toBeLessThan(1e-5 * Math.max(1, loss))
  }
  for (const name of TRAINED) {
    const found = network.sums[name].subarray(0, parameters[name].length)
    expect(error(found, plain.sums[name]), name).toBeLessThan(1e-5)
    // What is the same for all candidates has no gradient but for what rounding leaves of it.
    for (const sum of network.sums[name].subarray(parameters[name].length)) expect(sum, name).toBeCloseTo(0, 4)
  }
})

it('the gradient written down plainly is the slope of the loss', () => {
  const parameters = parametersOf(5, 3)
  const rows = numbers(6 * 5)
  const context = numbers(3)
  const plain = new PlainRanker(parameters)
  const lossOf = () => {
    plain.forward(rows, context)
    return Math.log(plain.logits.reduce((sum, logit) => sum + Math.exp(logit), 0)) - plain.logits[0]!
  }
  lossOf()
  plain.backward()
  const step = 1e-5
  for (const name of TRAINED) {
    for (const at of [0, Math.floor(parameters[name].length / 2), parameters[name].length - 1]) {
      const value = parameters[name][at]!
      parameters[name][at] = value + step
      const more = lossOf()
      parameters[name][at] = value - step
      const slope = (more - lossOf()) / (2 * step)
      parameters[name][at] = value
      expect(plain.sums[name][at], `${name} ${at}`).toBeCloseTo(slope, 6)
    }
  }
})

it('numbers of 16 bits arrive as they are, the smallest and signs included', () => {
  const values = [0, 1, -1, 0.1, -65504, 65504, 2 ** -14, 2 ** -24, -3 * 2 ** -24, 1 / 3]
  const network = new RankerNetwork(1, 1, values.length)
  network.scale.fill(1)
  network.weights.linear[0] = 1
  const halves = new Float16Array(values)
  network.forward(halves)
  expect([...network.logits]).toEqual([...halves])
})

it.each([1, 30, 512, 700])('logits of %i candidates are those written down plainly', (count) => {
  const parameters = parametersOf(34, 20)
  const items = numbers(count * 34, -7)
  const context = numbers(20)
  const candidates = Array.from({ length: count }, (_, row) => row)
  const logits = new Float64Array(count)
  rankCandidates(parameters, { candidates, items, context }, logits)
  const { means } = columnMoments(items, 34)
  const { scale, contextMean, contextScale } = parameters
  const plain = new PlainRanker(parameters)
  plain.forward(
    Float32Array.from(items, (value, i) => (value - means[i % 34]!) * scale[i % 34]!),
    Float32Array.from(context, (value, c) => Math.max(-2, Math.min(2, (value - contextMean[c]!) * contextScale[c]!))),
  )
  expect(error(logits, plain.logits)).toBeLessThan(1e-5)
})

it('moments of columns are those of all rows, and a column that never differs has no variance', () => {
  for (const columns of [1, 4, 7]) {
    const rows = 50
    const values = numbers(rows * columns, 100)
    for (let row = 0; row < rows; row++) values[row * columns] = 0.1
    const { means, variances } = columnMoments(values, columns)
    expect(variances[0]).toBe(0)
    expect(means[0]).toBe(Math.fround(0.1))
    for (let c = 1; c < columns; c++) {
      const column = Array.from({ length: rows }, (_, row) => values[row * columns + c]!)
      const mean = column.reduce((sum, value) => sum + value) / rows
      expect(means[c]).toBeCloseTo(mean, 10)
      expect(variances[c]).toBeCloseTo(column.reduce((sum, value) => sum + (value - mean) ** 2, 0) / rows, 10)
    }
  }
})
