import { describe, expect, it } from 'vitest'
import { bootstrapInterval } from '../../src/evaluation/bootstrap.ts'
import {
  addPrediction,
  emptyCalibration,
  expectedCalibrationError,
  mergeCalibration,
  reliability,
} from '../../src/evaluation/calibration.ts'
import { addLatency, emptyLatencies, latencyQuantile } from '../../src/evaluation/latency.ts'
import { coverage, intraListDiversity, meanPopularity, novelty } from '../../src/evaluation/list-metrics.ts'
import {
  addMetrics,
  areaUnderCurve,
  averagePrecision,
  hitRate,
  metricIndex,
  ndcg,
  precision,
  RANKING_METRICS,
  recall,
  reciprocalRank,
} from '../../src/evaluation/metrics.ts'
import { projectToPlane } from '../../src/evaluation/principal-components.ts'
import { Random } from '../../src/random.ts'

describe('metrics of a ranked list, by hand', () => {
  it('scores one relevant item at rank 2 (third place)', () => {
    const ranks = [2]
    expect([hitRate(ranks, 5), recall(ranks, 5), precision(ranks, 5)]).toEqual([1, 1, 1 / 5])
    expect(ndcg(ranks, 5)).toBe(0.5)
    expect([reciprocalRank(ranks), averagePrecision(ranks)]).toEqual([1 / 3, 1 / 3])
  })

  it('counts a rank as within a cut-off up to the last place and not beyond', () => {
    expect([hitRate([9], 10), hitRate([10], 10)]).toEqual([1, 0])
    expect([recall([4, 5], 5), precision([4, 5], 5)]).toEqual([0.5, 0.2])
    expect([ndcg([9], 10) > 0, ndcg([10], 10)]).toEqual([true, 0])
  })

  it('scores several relevant items against the best that can be had', () => {
    const ranks = [0, 3, 7]
    // Gains at places 1, 4 and 8; the ideal has them at 1, 2 and 3.
    const ideal = 1 + 1 / Math.log2(3) + 1 / 2
    expect(ndcg(ranks, 10)).toBeCloseTo((1 + 1 / Math.log2(5) + 1 / Math.log2(9)) / ideal, 12)
    expect(ndcg(ranks, 5)).toBeCloseTo((1 + 1 / Math.log2(5)) / ideal, 12)
    expect([recall(ranks, 5), precision(ranks, 5)]).toEqual([2 / 3, 2 / 5])
    expect(averagePrecision(ranks)).toBeCloseTo((1 + 2 / 4 + 3 / 8) / 3, 12)
  })

  it('takes no more ideal places than the cut-off has', () => {
    expect(ndcg([0, 1, 2, 3, 4, 5, 6], 5)).toBeCloseTo(1, 12)
  })

  it('measures by pairs for the area under the curve', () => {
    expect(areaUnderCurve([0], 5)).toBe(1)
    expect(areaUnderCurve([4], 5)).toBe(0)
    // Relevant at places 1 and 3 of 5: of the 6 pairs with the others at 2, 4, 5 one is wrong.
    expect(areaUnderCurve([0, 2], 5)).toBeCloseTo(5 / 6, 12)
  })

  it('gives nothing for an item that cannot be recommended', () => {
    const into = new Float64Array(RANKING_METRICS.length)
    addMetrics(into, [Number.POSITIVE_INFINITY], 100)
    expect([...into]).toEqual(RANKING_METRICS.map(() => 0))
  })

  it('adds all metrics up under their names', () => {
    const into = new Float64Array(RANKING_METRICS.length)
    addMetrics(into, [0, 3], 11)
    addMetrics(into, [20], 11)
    expect(into[metricIndex('HR@5')]).toBe(1)
    expect(into[metricIndex('Recall@20')]).toBe(1)
    expect(into[metricIndex('Recall@50')]).toBe(2)
    expect(into[metricIndex('Precision@5')]).toBeCloseTo(0.4, 12)
    expect(into[metricIndex('MRR')]).toBeCloseTo(1 + 1 / 21, 12)
    expect(into[metricIndex('MAP')]).toBeCloseTo((1 + 2 / 4) / 2 + 1 / 21, 12)
    expect(() => metricIndex('HR@11')).toThrow('HR@11')
  })
})

describe('metrics of what is shown, by hand', () => {
  const genres = [new Set(['Comedy']), new Set(['Comedy', 'Drama']), new Set(['War']), new Set<string>()]

  it('covers the distinct items shown', () => {
    expect(coverage(Uint32Array.of(3, 0, 1, 0), 4)).toBe(0.5)
  })

  it('is diverse as far as genres differ', () => {
    expect(intraListDiversity([0, 1], genres)).toBe(0.5)
    expect(intraListDiversity([0, 1, 2], genres)).toBeCloseTo((0.5 + 1 + 1) / 3, 12)
    expect([intraListDiversity([3, 3], genres), intraListDiversity([0], genres)]).toEqual([0, 0])
  })

  it('is novel by the bits that meeting an item tells', () => {
    expect(novelty([0, 1], [4, 1], 8)).toBe((1 + 3) / 2)
    expect(novelty([0], [0], 8)).toBe(3)
  })

  it('is popular by the share of users who have met an item', () => {
    expect(meanPopularity([0, 1], [4, 2], 8)).toBe((0.5 + 0.25) / 2)
  })
})

describe('calibration', () => {
  const of = (predictions: readonly (readonly [number, boolean])[]) => {
    const calibration = emptyCalibration()
    for (const [probability, happened] of predictions) addPrediction(calibration, probability, happened)
    return calibration
  }

  it('has no error where as much happens as was predicted', () => {
    const half = [
      [0.5, true],
      [0.5, false],
    ] as const
    expect(expectedCalibrationError(of(half))).toBe(0)
    expect(expectedCalibrationError(of([...half, [0.95, true], [0.95, true]]))).toBeCloseTo(0.025, 12)
    expect(
      expectedCalibrationError(
        of([
          [1, true],
          [1, true],
          [0, false],
        ]),
      ),
    ).toBe(0)
    expect(expectedCalibrationError(of([]))).toBe(0)
  })

  it('weighs the error of a bin by what fell into it', () => {
    // Three at .9 of which one happened: |2.7 - 1|; one at .1 that did not: .1; over four.
    const four = of([
      [0.9, true],
      [0.9, false],
      [0.9, false],
      [0.1, false],
    ])
    expect(expectedCalibrationError(four)).toBeCloseTo((1.7 + 0.1) / 4, 12)
    expect(reliability(four)).toEqual([
      { n: 1, predicted: 0.1, actual: 0 },
      { n: 3, predicted: expect.closeTo(0.9, 12), actual: 1 / 3 },
    ])
  })

  it('tells small probabilities apart: those of long lists are', () => {
    const bins = reliability(of([0, 0.00001, 0.001, 0.0011, 0.01, 1].map((probability) => [probability, false])))
    expect(bins.map(({ n }) => n)).toEqual([2, 2, 1, 1])
  })

  it('adds up over parts', () => {
    const whole = of([
      [0.9, true],
      [0.3, false],
      [0.35, true],
    ])
    const sum = of([[0.9, true]])
    mergeCalibration(
      sum,
      of([
        [0.3, false],
        [0.35, true],
      ]),
    )
    expect(sum).toEqual(whole)
  })
})

describe('latencies', () => {
  it('have quantiles to the width of a bin', () => {
    const latencies = emptyLatencies()
    for (let i = 0; i < 98; i++) addLatency(latencies, 1)
    addLatency(latencies, 40)
    addLatency(latencies, 1e9)
    expect(latencyQuantile(latencies, 0.5)).toBeGreaterThanOrEqual(1)
    expect(latencyQuantile(latencies, 0.98)).toBeLessThan(1.2)
    expect(latencyQuantile(latencies, 0.99)).toBeGreaterThanOrEqual(40)
    expect(latencyQuantile(latencies, 0.99)).toBeLessThan(48)
    expect(latencyQuantile(emptyLatencies(), 0.5)).toBe(0)
  })
})

describe('a projection to the plane', () => {
  it('finds the directions of greatest variance, worked out by hand', () => {
    // Along (1, 1, 0): ±3; along (1, -1, 0): ±1; along the third axis nothing. Variances 9 / 2 and 1 / 2 of 5.
    const [a, b] = [3 / Math.SQRT2, 1 / Math.SQRT2]
    const rows = Float32Array.of(a, a, 5, -a, -a, 5, b, -b, 5, -b, b, 5)
    const { points, explained } = projectToPlane(rows, 3)
    expect(explained[0]).toBeCloseTo(0.9, 6)
    expect(explained[1]).toBeCloseTo(0.1, 6)
    expect(points.map(([x, y]) => [Math.abs(x), Math.abs(y)])).toEqual([
      [expect.closeTo(3, 4), expect.closeTo(0, 4)],
      [expect.closeTo(3, 4), expect.closeTo(0, 4)],
      [expect.closeTo(0, 4), expect.closeTo(1, 4)],
      [expect.closeTo(0, 4), expect.closeTo(1, 4)],
    ])
    expect(Math.sign(points[0]![0])).toBe(-Math.sign(points[1]![0]))
  })

  it('puts equal rows in one place', () => {
    const { points, explained } = projectToPlane(new Float32Array(12).fill(2), 3)
    expect(explained).toEqual([0, 0])
    expect(new Set(points.map(([x, y]) => `${Math.abs(x)},${Math.abs(y)}`))).toEqual(new Set(['0,0']))
  })
})

describe('bootstrap intervals', () => {
  const sums = Array.from({ length: 400 }, (_, user) => user % 2)
  const counts = sums.map(() => 1)

  it('lie around the mean, as wide as the normal approximation says', () => {
    const [low, high] = bootstrapInterval(sums, counts, new Random(1))
    expect(low).toBeCloseTo(0.5 - 1.96 * (0.5 / 20), 1)
    expect(high).toBeCloseTo(0.5 + 1.96 * (0.5 / 20), 1)
    expect(low).toBeLessThan(0.47)
    expect(high).toBeGreaterThan(0.53)
  })

  it('are the same for the same seed and differ for another', () => {
    const interval = (seed: number) => bootstrapInterval(sums, counts, new Random(seed), 101)
    expect(interval(7)).toEqual(interval(7))
    expect([1, 2, 3].map(interval)).not.toEqual([1, 1, 1].map(interval))
  })

  it('resample whole users: one with many cases widens them', () => {
    const even = bootstrapInterval([1, 0, 1, 0], [1, 1, 1, 1], new Random(1))
    const [low] = bootstrapInterval([100, 0, 1, 0], [100, 1, 1, 1], new Random(1))
    expect(low).toBeLessThanOrEqual(even[0])
  })
})
