import { expect, it } from 'vitest'
import { Blend } from '../../src/retrieval/blend.ts'
import type { CandidateSource, RequestContext } from '../../src/retrieval/sources/candidate-source.ts'

function sourceOf(name: string, weight: number, scores: Record<number, number>): CandidateSource {
  return {
    name,
    weight,
    section: name,
    propose: (_, into) => {
      for (const [item, score] of Object.entries(scores)) into.add(Number(item), score)
    },
  }
}

const contextOf = (...met: number[]) => ({ history: met.map((item) => ({ item })) }) as unknown as RequestContext

it('adds what is relative to the best of each source, saturated, so that no scale drowns another', () => {
  const blend = new Blend([sourceOf('loud', 1, { 1: 400, 2: 100 }), sourceOf('quiet', 2, { 2: 0.01, 3: -0.0025 })])
  const { blended, proposals } = blend.run(contextOf(), 4)
  expect(blended.get(0)).toBe(0)
  expect(blended.get(1)).toBeCloseTo(1, 12)
  // (1 + .1) x / (|x| + .1) of a quarter.
  const quarter = (1.1 * 0.25) / 0.35
  expect(blended.get(2)).toBeCloseTo(quarter + 2, 12)
  expect(blended.get(3)).toBeCloseTo(-2 * quarter, 12)
  for (const item of [0, 1, 2, 3]) {
    const sum = proposals.reduce((total, proposal) => total + proposal.contribution(item), 0)
    expect(sum).toBeCloseTo(blended.get(item), 12)
  }
})

it('takes the best of what is not in the history, unless all of it is', () => {
  const blend = new Blend([sourceOf('one', 1, { 1: 100, 2: 4 })])
  expect(blend.run(contextOf(1), 3).blended.get(2)).toBeCloseTo(1, 12)
  expect(blend.run(contextOf(1, 2), 3).blended.get(1)).toBeCloseTo(1, 12)
  expect(blend.run(contextOf(), 3).blended.get(2)).toBeCloseTo((1.1 * 0.04) / 0.14, 12)
})

it('weighs sources as it is told to, and the others as they come', () => {
  const blend = new Blend([sourceOf('one', 1, { 1: 100 }), sourceOf('two', 2, { 1: 3, 2: 3 })])
  const { blended, proposals } = blend.run(contextOf(), 3, new Map([['one', 0.5]]))
  expect(blended.get(1)).toBeCloseTo(0.5 + 2, 12)
  expect(proposals[0]!.contribution(1)).toBeCloseTo(0.5, 12)
  expect(blend.run(contextOf(), 3).blended.get(1)).toBeCloseTo(3, 12)
})
