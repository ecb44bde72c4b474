import { describe, expect, it } from 'vitest'
import { Prequential } from '../../src/serving/prequential.ts'

const at = (second: number) => Date.UTC(2001, 0) + 1000 * second

describe('the live quality', () => {
  it('is the share of predictions that had the item among the first ten', () => {
    const prequential = new Prequential()
    for (let i = 0; i < 100; i++)
      prequential.add({ at: at(i), ranks: { blend: i % 4 === 0 ? 10 : 11, trending: null } })
    prequential.add({ at: at(100), ranks: undefined })
    prequential.add(undefined)
    const { predicted, unpredictable, missed, systems, times } = prequential.figures()
    expect({ predicted, unpredictable, missed }).toEqual({ predicted: 100, unpredictable: 1, missed: 1 })
    expect(systems.map(({ name, latest, whole, n }) => ({ name, latest, whole, n }))).toEqual([
      { name: 'blend', latest: 0.25, whole: 0.25, n: 100 },
      { name: 'trending', latest: 0, whole: 0, n: 100 },
    ])
    expect(times.at(-1)).toBe(at(99))
    expect(times).toEqual(times.toSorted((a, b) => a - b))
  })

  it('counts a system from when it first proposed something, and from then on its silence too', () => {
    const counted: string[] = []
    const prequential = new Prequential({
      event: () => {},
      prediction: (system, hit) => counted.push(`${system} ${hit}`),
    })
    for (let i = 0; i < 50; i++) prequential.add({ at: at(i), ranks: { blend: 1 } })
    prequential.add({ at: at(50), ranks: { blend: 1, sequence: 2 } })
    prequential.add({ at: at(51), ranks: { blend: 1 } })
    const sequence = prequential.figures().systems.find(({ name }) => name === 'sequence')!
    expect(sequence).toMatchObject({ n: 2, whole: 0.5, latest: 0.5 })
    expect(sequence.line[0]).toBeNull()
    expect(counted.filter((one) => one.startsWith('sequence'))).toEqual(['sequence true', 'sequence false'])
  })

  it('counts a model that orders only while it is in service', () => {
    const prequential = new Prequential()
    for (let i = 0; i < 60; i++) prequential.add({ at: at(i), ranks: { blend: 20, ranker: 1 } })
    for (let i = 60; i < 120; i++) prequential.add({ at: at(i), ranks: { blend: 20, din: 2 } })
    const { systems } = prequential.figures()
    const [ranker, din] = ['ranker', 'din'].map((name) => systems.find((system) => system.name === name)!)
    expect(ranker).toMatchObject({ n: 60, whole: 1 })
    expect(din).toMatchObject({ n: 60, whole: 1, latest: 1 })
    expect([ranker!.line.at(-1), din!.line[0]]).toEqual([null, null])
  })

  it('shows the latest predictions apart from the whole, and keeps a bounded number of points of any stream', () => {
    const prequential = new Prequential()
    const events = 20_000
    for (let i = 0; i < events; i++) prequential.add({ at: at(i), ranks: { blend: i < events - 1000 ? null : 3 } })
    const { systems, times, window } = prequential.figures()
    const [blend] = systems
    expect(times.length).toBeLessThanOrEqual(240)
    expect(times.length).toBeGreaterThan(100)
    expect(blend!.line).toHaveLength(times.length)
    expect(blend!.latest).toBe(1)
    expect(blend!.whole).toBeCloseTo(1000 / events, 10)
    expect(blend!.line.filter((value) => value === 0).length).toBeGreaterThan(100)
    expect(window).toBeLessThan(1000)
  })
})
