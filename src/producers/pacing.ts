/**
 * When events of the past are due now. Pure: the wall clock is an argument, event time is never altered.
 * At speed s, s seconds of stream time pass in one second; `max` is infinitely fast.
 */
import { TributaryError } from '../errors.ts'

export interface Pace {
  /** Stream time per wall time; Infinity for as fast as possible. */
  readonly speed: number
  /** This moment of the stream, event time in ms, … */
  readonly streamAt: number
  /** … falls on this one of the wall clock, ms. */
  readonly wallAt: number
}

const MAX_SPEED = 1e9

/** `100x`, `0.5x`, `100` or `max`. @throws TributaryError BAD_USAGE */
export function parseSpeed(text: string): number {
  const plain = text.trim().toLowerCase()
  if (plain === 'max') return Number.POSITIVE_INFINITY
  const match = /^(\d+(?:\.\d+)?|\.\d+)x?$/.exec(plain)
  const speed = match ? Number(match[1]) : 0
  if (speed > 0 && speed <= MAX_SPEED) return speed
  throw new TributaryError(
    'BAD_USAGE',
    `${JSON.stringify(text)} is not a speed: give a positive number such as 1x, 100x or 0.5x (up to ${MAX_SPEED}x), or max`,
  )
}

export function formatSpeed(speed: number): string {
  return speed === Number.POSITIVE_INFINITY ? 'max' : `${Number(speed.toPrecision(4))}x`
}

/** When, by the wall clock in ms, an event with that event time is due. */
export function dueAt(pace: Pace, at: number): number {
  return pace.wallAt + (at - pace.streamAt) / pace.speed
}

/** The event time up to which events are due at `wallNow`, inclusive. */
export function dueUntil(pace: Pace, wallNow: number): number {
  if (pace.speed === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY
  return pace.streamAt + (wallNow - pace.wallAt) * pace.speed
}

/**
 * Goes on at another speed from `wallNow` on: nothing is jumped over, nothing comes again.
 * @param streamAt event time that has been reached: of the event sent last
 */
export function changeSpeed(pace: Pace, speed: number, streamAt: number, wallNow: number): Pace {
  if (pace.speed === Number.POSITIVE_INFINITY) return { speed, streamAt, wallAt: wallNow }
  return { speed, streamAt: Math.max(streamAt, dueUntil(pace, wallNow)), wallAt: wallNow }
}

/** Lets a quiet stretch last `maxGapMs` at most: the event at `at` becomes due by then, the ones after it follow. */
export function shortenGap(pace: Pace, at: number, wallNow: number, maxGapMs: number): Pace {
  return dueAt(pace, at) - wallNow <= maxGapMs ? pace : { speed: pace.speed, streamAt: at, wallAt: wallNow + maxGapMs }
}

/** The speed at which a stretch of the stream brings so many events a second on average. */
export function speedForRate(spanMs: number, events: number, eventsPerSecond: number): number {
  return Math.max(1, (spanMs / 1000 / Math.max(1, events)) * eventsPerSecond)
}
