import { describe, expect, it } from 'vitest'
import { ranksOf, topOf } from '../../src/evaluation/rank.ts'

const ALL = Int32Array.of(0, 1, 2, 3, 4)

describe('ranks', () => {
  it('count what scores more', () => {
    expect(ranksOf([3], ALL, Float64Array.of(5, 4, 3, 2, 1))).toEqual([3])
  })

  it('count half of what scores the same, rounded down', () => {
    expect(ranksOf([0], ALL, Float64Array.of(1, 1, 1, 1, 9))).toEqual([2])
    expect(ranksOf([0], ALL, Float64Array.of(1, 1, 9, 9, 9))).toEqual([3])
    expect(ranksOf([0], ALL, new Float64Array(5))).toEqual([2])
  })

  it('of several relevant items are all different and ascend, spread over what they tie with', () => {
    expect(ranksOf([4, 0], ALL, Float64Array.of(5, 4, 3, 2, 1))).toEqual([0, 4])
    // Two of five that tie: after a third and two thirds of the three others.
    expect(ranksOf([0, 1], ALL, new Float64Array(5))).toEqual([1, 3])
    expect(ranksOf([0, 1, 2, 3, 4], ALL, new Float64Array(5))).toEqual([0, 1, 2, 3, 4])
  })

  it('are infinite for an item that does not compete', () => {
    const scores = Float64Array.of(5, 4, 3, 2, 1)
    expect(ranksOf([0], Int32Array.of(1, 2), scores)).toEqual([Number.POSITIVE_INFINITY])
    expect(ranksOf([0, 2], Int32Array.of(1, 2), scores)).toEqual([1, Number.POSITIVE_INFINITY])
  })

  it('leave out what does not compete', () => {
    expect(ranksOf([4], Int32Array.of(3, 4), Float64Array.of(9, 9, 9, 1, 0))).toEqual([1])
  })
})

describe('the first of a list', () => {
  it('are the best, best first, ties in the order of the data', () => {
    expect(topOf(3, ALL, Float64Array.of(1, 7, 3, 7, 1))).toEqual([1, 3, 2])
    expect(topOf(4, ALL, Float64Array.of(1, 7, 3, 7, 1))).toEqual([1, 3, 2, 0])
  })

  it('are all there is where there is less', () => {
    expect(topOf(9, Int32Array.of(2, 0), Float64Array.of(1, 2, 3))).toEqual([2, 0])
  })
})
