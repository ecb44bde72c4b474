import { describe, expect, it } from 'vitest'
import { Random } from '../../src/random.ts'
import { BlendLearner } from '../../src/ranking/blend-learner.ts'
import type { FeatureTable } from '../../src/ranking/features.ts'
import { initialParameters } from '../../src/ranking/ranker-parameters.ts'
import { saturated } from '../../src/retrieval/sources/scores.ts'

const NAMES = ['blend', 'visits', 'co-visitation', 'session-knn', 'item-cf', 'fresh']
const FLOOR = 1e-3
const COUNT = 40

/** Of each candidate what the sources say of it, relative to their best. */
function tableOf(random: Random): { table: FeatureTable; said: number[][] } {
  const said = Array.from({ length: COUNT }, () => NAMES.map(() => random.uniform() ** 4))
  const items = Float32Array.from(said.flat(), (share) => Math.log(share + FLOOR))
  return { table: { candidates: said.map((_, row) => row), items, context: new Float32Array() }, said }
}

/** A row as a conditional logit with these weights chooses it. */
function chosen(said: number[][], weights: Record<string, number>, random: Random): number {
  const worth = said.map((shares) =>
    Object.entries(weights).reduce((sum, [name, weight]) => sum + weight * saturated(shares[NAMES.indexOf(name)]!), 0),
  )
  const powers = worth.map(Math.exp)
  let left = random.uniform() * powers.reduce((sum, power) => sum + power, 0)
  return powers.findIndex((power) => {
    left -= power
    return left <= 0
  })
}

function learned(weights: Record<string, number>, examples: number) {
  const random = new Random(3)
  const parameters = initialParameters(NAMES, [], random)
  const learner = new BlendLearner(parameters)
  for (let n = 0; n < examples; n++) {
    const { table, said } = tableOf(random)
    learner.learn(table, chosen(said, weights, random))
  }
  return Object.fromEntries(NAMES.map((name, i) => [name, parameters.blend[i]!]))
}

describe('what sources weigh in the blend', () => {
  it('comes to what people choose by', () => {
    const found = learned({ 'co-visitation': 4, 'session-knn': 0.5, 'item-cf': 2 }, 4_000)
    expect(found['co-visitation']).toBeCloseTo(4, 0)
    expect(found['session-knn']).toBeCloseTo(0.5, 0)
    expect(found['item-cf']).toBeCloseTo(2, 0)
  })

  it('is never less than nothing, whatever people shun', () => {
    const found = learned({ 'co-visitation': 3, 'session-knn': -3, 'item-cf': 1 }, 2_000)
    expect(found['session-knn']).toBe(0)
    expect(found['co-visitation']).toBeCloseTo(3, 0)
  })

  it('is not learned of what is no source, nor of one that claims its items', () => {
    const found = learned({ 'co-visitation': 1 }, 10)
    for (const name of ['blend', 'visits', 'fresh']) expect(found[name]).toBeNaN()
  })

  it('hardly moves by a single example', () => {
    const before = initialParameters(NAMES, [], new Random(1)).blend
    const after = learned({ 'co-visitation': 4 }, 1)
    for (const [i, name] of NAMES.entries())
      if (!Number.isNaN(before[i])) expect(Math.abs(after[name]! - before[i]!)).toBeLessThan(0.2)
  })
})
