import { describe, expect, it } from 'vitest'
import { backOffMs } from '../../src/broker/back-off.ts'

describe('backing off', () => {
  it('doubles with each attempt up to five seconds', () => {
    expect([0, 1, 2, 6, 7, 50, 5_000].map((attempt) => backOffMs(attempt, 1))).toEqual([
      50, 100, 200, 3_200, 5_000, 5_000, 5_000,
    ])
  })

  it('takes off up to a half by chance, so that many do not come back at once', () => {
    expect(backOffMs(2, 0)).toBe(100)
    expect(new Set(Array.from({ length: 20 }, () => backOffMs(3))).size).toBeGreaterThan(10)
  })
})
