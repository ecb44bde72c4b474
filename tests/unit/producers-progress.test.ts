import { describe, expect, it } from 'vitest'
import { ProblemList } from '../../src/producers/datasets/problem-list.ts'
import { formatDownload, formatDuration, formatProgress, rateMeter } from '../../src/producers/progress.ts'

const progress = {
  dataset: 'ml-1m',
  produced: 412_000,
  position: 412_000,
  total: 1_000_209,
  eventsPerSecond: 84_120.4,
  streamAt: Date.UTC(2000, 10, 20, 14, 3, 59),
  speed: Number.POSITIVE_INFINITY,
  paused: false,
  lag: 1200,
  etaMs: 6_800,
}

describe('the progress line', () => {
  it('tells position, rate, speed, stream time, lag and what is left', () => {
    expect(formatProgress(progress)).toBe(
      'ml-1m  412,000 of 1,000,209 (41 %)  84,120/s  max  2000-11-20 14:03  lag 1,200  7 s left',
    )
  })

  it('leaves out what is not known', () => {
    const early = {
      ...progress,
      position: 0,
      eventsPerSecond: 0,
      streamAt: undefined,
      lag: undefined,
      etaMs: undefined,
    }
    expect(formatProgress(early)).toBe('ml-1m  0 of 1,000,209 (0 %)  0.0/s  max')
  })

  it('says paused in place of the speed, and nothing left at the end', () => {
    const end = { ...progress, position: 1_000_209, paused: true, etaMs: 0 }
    expect(formatProgress(end)).toContain('(100 %)  84,120/s  paused')
    expect(formatProgress(end)).not.toContain('left')
  })

  it.each([
    [0, '0 s'],
    [400, '1 s'],
    [61_000, '1 min 1 s'],
    [3_600_000, '1 h'],
    [3_605_000, '1 h'],
    [18_600_000, '5 h 10 min'],
    [90_000_000, '1 d 1 h'],
  ])('writes %d ms as %j', (ms, text) => {
    expect(formatDuration(ms)).toBe(text)
  })
})

describe('the rate', () => {
  it('is that of the first interval at first, then follows a change within seconds', () => {
    const rate = rateMeter(0)
    expect(rate(500, 500)).toBe(1000)
    let latest = 0
    for (let second = 1; second <= 20; second++) latest = rate(500 + 100 * second, 500 + 1000 * second)
    expect(latest).toBeGreaterThan(100)
    expect(latest).toBeLessThan(105)
  })

  it('stays finite when no time has passed', () => {
    expect(rateMeter(0)(10, 0)).toBe(0)
  })
})

describe('the line of a download', () => {
  it('tells how much has come, and of how much where that is known', () => {
    expect(formatDownload('ml-1m', { receivedBytes: 3_200_000, totalBytes: 5_917_549 })).toBe(
      'ml-1m  3.2 of 5.9 MB (54 %)',
    )
    expect(formatDownload('ml-1m', { receivedBytes: 3_200_000, totalBytes: undefined })).toBe('ml-1m  3.2 MB')
  })
})

describe('a list of problems', () => {
  it('counts all of them, keeps the first hundred and shows the first few', () => {
    const problems = new ProblemList()
    expect(problems.describe()).toBe('')
    for (let line = 1; line <= 1500; line++) problems.add({ file: 'ratings.dat', line, reason: 'not a rating: "x"' })
    expect([problems.count, problems.examples.length]).toEqual([1500, 100])
    expect(problems.describe(2)).toBe(
      '1,500 lines could not be read and were left out:\n  ratings.dat:1: not a rating: "x"\n' +
        '  ratings.dat:2: not a rating: "x"\n  and 1,498 more',
    )
  })
})
