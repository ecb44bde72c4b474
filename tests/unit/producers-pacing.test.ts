import { describe, expect, it } from 'vitest'
import {
  changeSpeed,
  dueAt,
  dueUntil,
  formatSpeed,
  parseSpeed,
  shortenGap,
  speedForRate,
} from '../../src/producers/pacing.ts'

const MAX = Number.POSITIVE_INFINITY

describe('a speed', () => {
  it.each([
    ['100x', 100],
    ['1x', 1],
    ['0.5x', 0.5],
    ['.25x', 0.25],
    ['250', 250],
    [' 10X ', 10],
    ['max', MAX],
    ['MAX', MAX],
  ])('is read from %j', (text, speed) => {
    expect(parseSpeed(text)).toBe(speed)
  })

  it.each(['', '0x', '-1x', 'fast', '1e3x', '10xx', 'Infinity', 'NaN', '2000000000x'])(
    'is not read from %j',
    (text) => {
      expect(() => parseSpeed(text)).toThrow(expect.objectContaining({ code: 'BAD_USAGE' }))
      expect(() => parseSpeed(text)).toThrow('1x, 100x or 0.5x')
    },
  )

  it('is written as it is read', () => {
    expect([1, 0.5, 100, 333.33333, MAX].map(formatSpeed)).toEqual(['1x', '0.5x', '100x', '333.3x', 'max'])
    expect(parseSpeed(formatSpeed(0.5))).toBe(0.5)
  })
})

describe('pacing', () => {
  const hundred = { speed: 100, streamAt: 978_300_000_000, wallAt: 5_000 }

  it('at 100x makes an event 100 s into the stream due after one second', () => {
    expect(dueAt(hundred, hundred.streamAt + 100_000)).toBe(6_000)
    expect(dueAt(hundred, hundred.streamAt)).toBe(5_000)
  })

  it('knows which events are due now', () => {
    expect(dueUntil(hundred, 6_000)).toBe(hundred.streamAt + 100_000)
    expect(dueUntil(hundred, 5_000)).toBe(hundred.streamAt)
  })

  it('at max makes everything due at once', () => {
    const pace = { ...hundred, speed: MAX }
    expect(dueAt(pace, hundred.streamAt + 1e12)).toBe(5_000)
    expect(dueUntil(pace, 5_000)).toBe(MAX)
  })

  it('neither jumps nor repeats when the speed changes', () => {
    const faster = changeSpeed(hundred, 1000, hundred.streamAt + 90_000, 6_000)
    expect(dueUntil(faster, 6_000)).toBe(hundred.streamAt + 100_000)
    expect(dueUntil(faster, 7_000)).toBe(hundred.streamAt + 100_000 + 1_000_000)
  })

  it('goes on from the event sent last when max is left for a slower speed', () => {
    const slower = changeSpeed({ ...hundred, speed: MAX }, 10, hundred.streamAt + 5e9, 9_000)
    expect(dueAt(slower, hundred.streamAt + 5e9 + 10_000)).toBe(10_000)
  })

  it('shortens a quiet stretch to the gap allowed, and keeps the distances after it', () => {
    const year = 365 * 86_400_000
    const short = shortenGap(hundred, hundred.streamAt + year, 5_000, 1_000)
    expect(dueAt(short, hundred.streamAt + year)).toBe(6_000)
    expect(dueAt(short, hundred.streamAt + year + 100_000)).toBe(7_000)
    expect(shortenGap(short, hundred.streamAt + year, 5_500, 1_000)).toBe(short)
  })

  it('leaves a stretch alone that is short enough', () => {
    expect(shortenGap(hundred, hundred.streamAt + 50_000, 5_000, 1_000)).toBe(hundred)
  })

  it('finds the speed that brings so many events a second', () => {
    expect(speedForRate(1_000_000_000, 10_000, 5)).toBe(500)
    expect(speedForRate(1000, 10_000, 1)).toBe(1)
  })
})
