import { describe, expect, it } from 'vitest'
import { Random } from '../../src/random.ts'
import type { FeatureTable } from '../../src/ranking/features.ts'
import { rankCandidates } from '../../src/ranking/rank-candidates.ts'
import { RankerLearner } from '../../src/ranking/ranker-learner.ts'
import { estimatePositionBias, inversePropensity, type ShownItem } from '../../src/training/position-bias.ts'

describe('the inverse of how likely a place is looked at', () => {
  it('is 1 where no slate is answered, at the first place, and where places do not matter', () => {
    expect(inversePropensity(-1, 1)).toBe(1)
    expect(inversePropensity(0, 1)).toBe(1)
    expect(inversePropensity(30, 0)).toBe(1)
  })

  it('grows with the place, and is cut off', () => {
    expect(inversePropensity(3, 1)).toBe(4)
    expect(inversePropensity(3, 0.5)).toBe(2)
    expect(inversePropensity(200, 1)).toBe(10)
  })
})

describe('how fast attention falls', () => {
  const PLACES = 30

  /** Items of different attraction, each shown at places by chance until it is taken. */
  function shownTo(people: number, bias: number): ShownItem[] {
    const random = new Random(5)
    const shown: ShownItem[] = []
    for (let n = 0; n < people; n++) {
      const attraction = 0.3 * random.uniform()
      const places: number[] = []
      for (let slate = 0; slate < 8; slate++) {
        const place = random.below(PLACES)
        places.push(place)
        if (random.uniform() >= attraction * (place + 1) ** -bias) continue
        shown.push({ places: [...places], taken: place })
        break
      }
    }
    return shown
  }

  it.each([0, 0.5, 1])('is found from items that were shown at several places: %f', (bias) => {
    expect(estimatePositionBias(shownTo(60_000, bias))).toBeCloseTo(bias, 0.8)
  })

  it('is held to be nothing while little is known', () => {
    expect(estimatePositionBias([])).toBe(0)
    expect(estimatePositionBias([{ places: [9, 0], taken: 0 }])).toBeLessThan(0.2)
  })
})

describe('a ranker that learns from what people looked at', () => {
  const [COUNT, NAMES, EXAMPLES] = [20, ['shown', 'liked'], 6_000]

  /** People take what they like, if they look at it: lists are in an order that has little to do with that. */
  function learned(weighted: boolean) {
    const random = new Random(3)
    const ranker = new RankerLearner(NAMES, [], { random: new Random(1), learningRate: 0.01 })
    for (let n = 0; n < EXAMPLES; n++) {
      const { table, liked } = listOf(random)
      if (random.uniform() >= 1 / (liked + 1)) continue
      ranker.learn(table, liked, weighted ? inversePropensity(liked, 1) : 1)
    }
    return ranker.parameters
  }

  /** Candidates in the order shown; whether they please shows in a feature, with much noise. */
  function listOf(random: Random): { table: FeatureTable; liked: number } {
    const liked = random.below(COUNT)
    const items = Float32Array.from({ length: COUNT * 2 }, (_, i) => {
      const row = i >> 1
      return i % 2 === 0 ? -row / 4 : (row === liked ? 1.5 : 0) + random.normal()
    })
    return {
      table: { candidates: Array.from({ length: COUNT }, (_, row) => row), items, context: new Float32Array() },
      liked,
    }
  }

  it('puts more of what people like at the head when events count by the inverse of their propensity', () => {
    const hits = [false, true].map((weighted) => {
      const parameters = learned(weighted)
      const random = new Random(11)
      let found = 0
      for (let n = 0; n < 2_000; n++) {
        const { table, liked } = listOf(random)
        const logits = new Float64Array(COUNT)
        rankCandidates(parameters, table, logits)
        if (logits.every((logit, row) => row === liked || logit < logits[liked]!)) found++
      }
      return found
    })
    expect(hits[1]!).toBeGreaterThan(1.15 * hits[0]!)
  })
})
