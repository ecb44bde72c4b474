import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { evaluatePlan } from '../../src/evaluation/evaluate-plan.ts'
import { readEvents } from '../../src/evaluation/events.ts'
import { PROTOCOLS } from '../../src/evaluation/protocols/protocols.ts'
import { qualityPage } from '../../src/evaluation/quality-page.ts'
import { makeReport, type Report, reportJson } from '../../src/evaluation/report.ts'
import { reportPage, reportPlots } from '../../src/evaluation/report-page.ts'
import { orderSlices } from '../../src/evaluation/slices.ts'
import type { Scorer } from '../../src/evaluation/systems/scorer.ts'
import { allocateSystems, CHOOSABLE, openSystems } from '../../src/evaluation/systems/systems.ts'
import { synthetic } from '../../src/producers/datasets/synthetic.ts'

const OPTIONS = { every: 1, seed: 1, machine: 'a machine', seconds: 1 }

async function report(protocol: string): Promise<Report> {
  const events = readEvents(synthetic({ users: 20, items: 60, events: 600 }))
  const plan = PROTOCOLS[protocol]!(events, OPTIONS)
  const memory = allocateSystems(plan, CHOOSABLE)
  const opened = await openSystems({ plan, systems: CHOOSABLE, memory, partitions: 2, seed: 1, isAlone: true })
  return makeReport(plan, await evaluatePlan({ plan, ...opened }), OPTIONS)
}

describe('a report', () => {
  it('has every system in every slice, and what each source adds', async () => {
    const { slices, sources, lists, split } = await report('prequential')
    const systems = ['random', 'popularity', 'decayed-popularity', 'item-cf', 'item-cf/recent', 'ease', 'ease/recent']
    for (const slice of slices)
      expect(Object.keys(slice.systems)).toEqual([...systems, 'co-visitation', 'blend', 'ranker'])
    expect(Object.keys(lists)).toEqual([...systems, 'co-visitation', 'blend', 'ranker'])
    expect(sources.map(({ name }) => name)).toContain('trending')
    for (const { alone, unique, overlap, name } of sources) {
      expect(unique).toBeLessThanOrEqual(alone)
      expect([0, 1]).toContain(overlap[name])
    }
    expect(split.events).toBe(600)
  })

  it('cuts the whole into parts that add up to it', async () => {
    const { slices } = await report('prequential')
    const count = (part: string) =>
      slices.filter(({ name }) => name.startsWith(`all | ${part}`)).reduce((sum, { n }) => sum + n, 0)
    const [all] = slices
    expect([count('user events'), count('item visits'), count('since first event')]).toEqual([all!.n, all!.n, all!.n])
  })

  it('has intervals around the metrics of wholes', async () => {
    const { slices } = await report('leave-one-out')
    for (const [system, metrics] of Object.entries(slices[0]!.intervals!)) {
      const [low, high] = metrics['HR@10']!
      expect(low).toBeLessThanOrEqual(slices[0]!.systems[system]!['HR@10']!)
      expect(high).toBeGreaterThanOrEqual(slices[0]!.systems[system]!['HR@10']!)
    }
  })

  it('is the same again as JSON, to eight decimals', async () => {
    const made = await report('temporal')
    const read: Report = JSON.parse(reportJson(made))
    expect(Object.keys(read)).toEqual(Object.keys(made))
    expect(read.slices.map(({ name, n }) => [name, n])).toEqual(made.slices.map(({ name, n }) => [name, n]))
    expect(read.slices[0]!.systems.blend!.MAP).toBeCloseTo(made.slices[0]!.systems.blend!.MAP!, 8)
  })

  it('makes a page that asks the network for nothing', async () => {
    const page = reportPage(await report('prequential'))
    expect(page).not.toMatch(/(src|href)=|https?:\/\/|@import|url\(/)
    expect(page.match(/<svg /g)!.length).toBeGreaterThan(5)
    expect(page).not.toMatch(/NaN|undefined|Infinity/)
  })

  it('has the calibration of systems that predict probabilities, by slice, and how long scoring takes', async () => {
    const events = readEvents(synthetic({ users: 20, items: 60, events: 600 }))
    const plan = PROTOCOLS['leave-one-out']!(events, OPTIONS)
    const certain: Scorer = {
      systems: ['popularity'],
      probabilistic: ['popularity'],
      learn() {},
      // Says .25 of everything: one of those that compete happens.
      score: (_, [into]) => void into!.fill(0.25),
    }
    const tally = await evaluatePlan({ plan, scorers: [certain] })
    const made = makeReport(plan, tally, OPTIONS)
    const { bins, error } = made.calibration!.popularity!
    expect(bins).toHaveLength(1)
    expect(bins[0]!.predicted).toBeCloseTo(0.25, 12)
    expect(bins[0]!.actual).toBeCloseTo(made.slices[0]!.n / bins[0]!.n, 12)
    expect(error.all).toBeCloseTo(0.25 - bins[0]!.actual, 12)
    expect(Object.keys(error)).toEqual(made.slices.map(({ name }) => name))
    expect(made.latencies!.popularity!.n).toBe(plan.cases)
    const page = reportPage(made)
    expect(page).toContain('Expected calibration error by slice')
    expect(page).not.toMatch(/NaN|undefined/)
  })

  it('makes each plot a file of its own, and maps the item embeddings that it is given', async () => {
    const steps = [1, 2, 3].map((step) => ({ step, loss: 1 / step, validation: { 'NDCG@10': step / 10 } }))
    const made = { ...(await report('prequential')), learning: [{ name: 'fit 0 sequence', points: steps }] }
    const points = Array.from({ length: 30 }, (_, at) => ({ x: at, y: at % 7, group: `genre ${at % 12}` }))
    const plots = reportPlots(made, [{ name: 'two-tower', explained: [0.3, 0.2], points }])
    const names = plots.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    expect(names).toEqual(
      expect.arrayContaining([
        'over-stream-time-hr-10',
        'item-embeddings-of-two-tower',
        'latency-of-scoring-the-whole-catalogue',
        'training-loss-by-step',
        'training-ndcg-10-of-held-out-events-by-step',
      ]),
    )
    for (const { svg } of plots) expect(svg).toMatch(/^<svg xmlns="[^"]+"[^>]*>.*<\/svg>$/s)
    expect(plots.at(-1)!.svg.match(/<circle /g)).toHaveLength(30)
    expect(plots.at(-1)!.svg).toContain('others')
  })

  it('makes a table of every whole in the documentation, the best of a column in bold', async () => {
    const made = await report('leave-one-out')
    const page = qualityPage([made])
    expect(page).toContain('## leave-one-out on synthetic')
    const best = Math.max(...Object.values(made.slices[0]!.systems).map((metrics) => metrics['HR@10']!))
    expect(page).toContain(`**${best.toFixed(4)}**`)
    expect(page).not.toMatch(/NaN|undefined/)
  })
})

describe('the documentation of quality', () => {
  it('is what its reports make it: run `tributary evaluate --docs docs/quality` when they change', () => {
    const folder = fileURLToPath(new URL('../../docs/quality/', import.meta.url))
    const reports = globSync('*.json', { cwd: folder }).map((file) => JSON.parse(readFileSync(folder + file, 'utf8')))
    expect(readFileSync(`${folder.slice(0, -1)}.md`, 'utf8')).toBe(qualityPage(reports))
  })
})

describe('slices', () => {
  it('stand wholes first, then parts by kind and size', () => {
    const names = ['b', 'a | item visits 100-499', 'a | item visits 5-19', 'a', 'other', 'a | since first event: later']
    const hour = 'a | since first event: first hour'
    expect(orderSlices([...names, hour], ['a', 'b'])).toEqual([
      'a',
      'b',
      'other',
      'a | item visits 5-19',
      'a | item visits 100-499',
      hour,
      'a | since first event: later',
    ])
  })
})
