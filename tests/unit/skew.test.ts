import { describe, expect, it } from 'vitest'
import { PartitionEvents } from '../../src/evaluation/skew/logged-events.ts'
import type { LoggedSlate } from '../../src/evaluation/skew/logged-slate.ts'
import { SkewTally } from '../../src/evaluation/skew/skew-tally.ts'
import type { EventLog } from '../../src/event-log/event-log.ts'
import { decodeFloats, encodeFloats } from '../../src/events/floats.ts'
import type { SlateAgain } from '../../src/serving/slate-again.ts'

describe('features on their way', () => {
  it('are the same 32 bits afterwards, whatever they are and wherever they lay', () => {
    const numbers = Float32Array.of(0, -0, 1 / 3, -1e-38, 3.4e38, Number.NaN, Number.POSITIVE_INFINITY)
    expect([...decodeFloats(encodeFloats(numbers))]).toEqual([...numbers])
    expect([...decodeFloats(encodeFloats(numbers.subarray(2, 4)))]).toEqual([...numbers.subarray(2, 4)])
    expect(decodeFloats('')).toHaveLength(0)
    expect(() => decodeFloats('AAAA')).toThrow(RangeError)
  })
})

describe('events of a partition', () => {
  /** Of each topic [offset, at]. */
  const logOf = (topics: Record<string, [number, number][]>, asked: unknown[] = []): Pick<EventLog, 'columns'> => ({
    columns: async <Columns>(_: string, parameters: Record<string, string | number> = {}) => {
      asked.push(parameters)
      const { topic, from, until } = parameters as { topic: string; from: number; until: number }
      const rows = topics[topic]!.filter(([offset]) => offset >= from && offset < until)
      const of = <T>(value: (row: [number, number]) => T) => rows.map(value)
      return {
        offset: of(([offset]) => offset),
        eventId: of(([offset]) => `${topic}${offset}`),
        userId: of(() => 'u'),
        itemId: of(() => 'i'),
        kind: of(() => 'like'),
        value: of(() => null),
        at: of(([, at]) => at),
      } as Columns
    },
  })
  const given = async (events: PartitionEvents, offsets: { ratings: number; feedback: number }) => {
    const ids: string[] = []
    for await (const { eventId } of events.until(offsets)) ids.push(eventId)
    return ids
  }

  it('come once, up to the offsets of either topic, merged by time', async () => {
    const ratings: [number, number][] = [0, 1, 2, 4].map((offset) => [offset, 10 * offset])
    const log = logOf({
      ratings,
      feedback: [
        [0, 10],
        [1, 15],
        [2, 99],
      ],
    })
    const events = new PartitionEvents(log, 0, { ratings: 5, feedback: 3 })
    expect(await given(events, { ratings: 1, feedback: 0 })).toEqual(['ratings0'])
    expect(await given(events, { ratings: 1, feedback: 0 })).toEqual([])
    expect(await given(events, { ratings: 2, feedback: 2 })).toEqual(['ratings1', 'feedback0', 'feedback1'])
    // Offset 3 is not in the log.
    expect(await given(events, { ratings: 4, feedback: 2 })).toEqual(['ratings2'])
    expect(await given(events, { ratings: 9, feedback: 9 })).toEqual(['ratings4', 'feedback2'])
  })

  it('are read in blocks, also where a block has none', async () => {
    const asked: unknown[] = []
    const log = logOf(
      {
        ratings: [
          [5, 1],
          [250_000, 2],
        ],
        feedback: [],
      },
      asked,
    )
    const events = new PartitionEvents(log, 3, { ratings: 250_001, feedback: 0 })
    expect(await given(events, { ratings: 1e6, feedback: 1e6 })).toEqual(['ratings5', 'ratings250000'])
    expect(asked).toHaveLength(3)
    expect(asked[0]).toMatchObject({ partition: 3, topic: 'ratings', from: 0 })
  })
})

describe('a tally of skew', () => {
  const NAMES = ['a', 'b']
  const slate = (items: number[], names = NAMES): LoggedSlate => ({
    requestId: 'r',
    userId: 'u',
    at: 0,
    release: 'live',
    itemIds: ['x', 'y'],
    scores: [2, 1],
    features: {
      now: 0,
      ranker: 'blend',
      request: { k: 2 },
      names,
      items: encodeFloats(Float32Array.from(items)),
      contextNames: [],
      context: '',
      tables: {},
      lists: {},
      rowsFrom: {},
      rowsUntil: {},
      user: {},
      known: 1,
    },
  })
  const again = (items: number[], itemIds = ['x', 'y'], known = 1): SlateAgain => ({
    itemIds,
    scores: [2, 1],
    seen: { names: NAMES, items: Float32Array.from(items), contextNames: [], context: new Float32Array(0) },
    known,
  })

  it('calls identical what is, stale what lies between both ends, and the rest different', () => {
    const tally = new SkewTally()
    // Item by item: a and b of x, a and b of y.
    tally.add(slate([1, 5, 3, 9]), again([1, 4, 3.0005, 8]), again([1, 6, 3.0005, 7]))
    const { items, all, worst } = tally.report()
    expect(items.a).toMatchObject({ values: 2, identical: 0.5, stale: 0, differing: 0 })
    expect(items.b).toMatchObject({ values: 2, identical: 0, stale: 0.5, differing: 0.5, mean: 1, max: 1 })
    expect(all).toMatchObject({ values: 4, identical: 0.25, stale: 0.25, differing: 0.25 })
    expect(worst).toEqual({ name: 'b', differing: 0.5 })
  })

  it('finds what is no number on one side', () => {
    const tally = new SkewTally()
    tally.add(slate([Number.NaN, 1, Number.NaN, 1]), again([0, 1, Number.NaN, 1]), again([0, 1, Number.NaN, 1]))
    expect(tally.report().items.a).toMatchObject({ identical: 0.5, differing: 0.5 })
  })

  it('knows features by their names, in whatever order, and says which it does not know', () => {
    const tally = new SkewTally()
    const made = again([1, 2, 3, 4])
    tally.add(slate([2, 1, 0, 4, 3, 0], ['b', 'a', 'gone']), made, made)
    expect(tally.report()).toMatchObject({ all: { values: 4, identical: 1 }, unknown: ['gone'] })
  })

  it('compares places: what is not made again stands last', () => {
    const tally = new SkewTally()
    const made = again([0, 0, 0, 0], ['y', 'x'])
    tally.add(slate([0, 0, 0, 0]), made, made)
    const other = again([0, 0, 0, 0], ['x', 'z'], 2)
    tally.add(slate([0, 0, 0, 0]), other, other)
    const { order, otherHistory } = tally.report()
    expect(order).toEqual({ sameItems: 0.5, sameOrder: 0, overlapAt10: 0.75, tau: 0 })
    expect(otherHistory).toBe(1)
  })
})
