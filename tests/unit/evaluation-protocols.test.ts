import { describe, expect, it } from 'vitest'
import { evaluatePlan } from '../../src/evaluation/evaluate-plan.ts'
import { type Events, readEvents } from '../../src/evaluation/events.ts'
import { guardLeakage } from '../../src/evaluation/leakage-guard.ts'
import type { Case, Plan, Step } from '../../src/evaluation/plan.ts'
import { splitLeaveOneOut } from '../../src/evaluation/protocols/leave-one-out.ts'
import { PROTOCOLS } from '../../src/evaluation/protocols/protocols.ts'
import { makeReport } from '../../src/evaluation/report.ts'
import { live, SOURCE_NAMES } from '../../src/evaluation/systems/live.ts'
import { popularity } from '../../src/evaluation/systems/popularity.ts'
import { emptyTally, mergeTally } from '../../src/evaluation/tally.ts'
import { openDataset } from '../../src/producers/datasets/open-dataset.ts'
import { synthetic } from '../../src/producers/datasets/synthetic.ts'
import { temporaryFolder } from './temporary-folder.ts'

const OPTIONS = { every: 1, seed: 1, machine: 'a machine', seconds: 1 }

/** @param rows `user,item,time` and maybe the value, 5 if not */
async function eventsOf(rows: readonly string[]): Promise<Events> {
  const whole = rows.map((row) => (row.split(',').length === 3 ? `${row},5` : row))
  const folder = temporaryFolder({ 'own.csv': `user,item,time,value\n${whole.join('\n')}\n` })
  return readEvents(await openDataset(`${folder}/own.csv`))
}

/** Six users who meet the six items i0 to i5, each from another one on; user 5 also meets one that nobody else does. */
function sixBySix(): Promise<Events> {
  const rows: string[] = []
  for (let round = 0; round < 6; round++) {
    for (let user = 0; user < 6; user++)
      rows.push(`u${user},i${(user + round) % 6},${100 * round + user},${1 + ((user + round) % 5)}`)
  }
  return eventsOf([...rows, 'u5,rare,700,5', 'brief,i0,800,5'])
}

const cases = (plan: Plan): Case[] => [...plan.steps()].flatMap((step) => (step.type === 'predict' ? [step.case] : []))
const learned = (plan: Plan): number[] =>
  [...plan.steps()].flatMap((step) => (step.type === 'learn' ? [step.sequence] : []))

async function evaluate(plan: Plan, claims: (part: number) => boolean = () => true) {
  const serving = await live(plan, 2)
  return evaluatePlan({
    plan,
    live: serving,
    scorers: [popularity(plan.events), serving],
    claims,
  })
}

describe('the leakage check', () => {
  const predict = (target: number): Step => ({
    type: 'predict',
    case: { id: 0, user: 0, at: 0, targets: [target], questions: [] },
  })

  it('lets through what is predicted before it is learned', () => {
    const steps: Step[] = [{ type: 'learn', sequence: 0 }, predict(1), { type: 'learn', sequence: 1 }]
    expect([...guardLeakage(steps, 2)]).toEqual(steps)
  })

  it('refuses to predict what was learned', () => {
    const steps: Step[] = [{ type: 'learn', sequence: 1 }, predict(1)]
    expect(() => [...guardLeakage(steps, 2)]).toThrow('event 1 is learned, then predicted')
  })

  it('refuses to learn an event twice', () => {
    const step: Step = { type: 'learn', sequence: 0 }
    expect(() => [...guardLeakage([step, step], 1)]).toThrow('event 0 is learned twice')
  })

  it('stops an evaluation whose protocol learns its targets', async () => {
    const plan = PROTOCOLS['leave-one-out']!(await sixBySix(), OPTIONS)
    const leaking: Plan = {
      ...plan,
      *steps() {
        for (let sequence = 0; sequence < plan.events.size; sequence++) yield { type: 'learn', sequence }
        for (const step of plan.steps()) if (step.type === 'predict') yield step
      },
    }
    await expect(evaluate(leaking)).rejects.toThrow('leaked')
  })

  it.each(Object.keys(PROTOCOLS))('finds nothing in %s', (protocol) => {
    const plan = PROTOCOLS[protocol]!(readEvents(synthetic({ users: 20, items: 60, events: 800 })), OPTIONS)
    const steps = [...guardLeakage(plan.steps(), plan.events.size)]
    expect(steps.filter(({ type }) => type === 'predict').length).toBeGreaterThan(0)
  })
})

describe('leave-one-out', () => {
  it('leaves out rare items, then users with too little, and takes the last event that is left', async () => {
    const events = await sixBySix()
    const { keeps, catalogue, targetOf } = splitLeaveOneOut(events)
    expect([...catalogue].map((item) => events.itemIds[item])).toEqual(['i0', 'i1', 'i2', 'i3', 'i4', 'i5'])
    expect([...keeps].map((kept, sequence) => (kept ? -1 : sequence)).filter((sequence) => sequence >= 0)).toEqual([
      36, 37,
    ])
    expect([...targetOf]).toEqual([30, 31, 32, 33, 34, 35, -1])
  })

  it('counts the ratings of an item over all users, before users are left out', async () => {
    const rows = ['a', 'b', 'c', 'd', 'e'].map((user, at) => `${user},x,${at}`)
    const { catalogue, targetOf } = splitLeaveOneOut(await eventsOf(rows))
    expect([...catalogue, ...targetOf]).toEqual([-1, -1, -1, -1, -1])
  })

  it('breaks ties in time by the order of the file', async () => {
    const rows = ['x', 'y', 'z', 'v', 'w'].flatMap((item) =>
      ['a', 'b', 'c', 'd', 'e'].map((user) => `${user},${item},7`),
    )
    const events = await eventsOf(rows)
    const targets = cases(PROTOCOLS['leave-one-out']!(events, OPTIONS)).map(({ targets: [target] }) => target!)
    expect(targets.map((target) => events.itemIds[events.item[target]!])).toEqual(['w', 'w', 'w', 'w', 'w'])
  })

  it('learns all but the targets', async () => {
    const plan = PROTOCOLS['leave-one-out']!(await sixBySix(), OPTIONS)
    expect(learned(plan)).toEqual(Array.from({ length: 30 }, (_, sequence) => sequence))
    expect(plan.statistics).toMatchObject({
      'events learned': 30,
      'events to predict': 6,
      'events left out': 2,
      items: 6,
    })
  })

  it('rehearses with the three events before the target of each user, one round after the other', async () => {
    const plan = PROTOCOLS['leave-one-out']!(await sixBySix(), OPTIONS)
    const steps = [...guardLeakage(plan.rehearsal!.steps(), plan.events.size)]
    const shown = steps.map((step) => {
      if (step.type === 'predict') return `asks ${step.case.targets}`
      return step.type === 'learn' ? `learns ${step.sequence}` : 'fits'
    })
    const round = (from: number, what: string) => Array.from({ length: 6 }, (_, user) => `${what} ${from + user}`)
    expect(shown).toEqual([
      ...[0, 6].flatMap((from) => round(from, 'learns')),
      'fits',
      ...round(12, 'asks'),
      ...round(12, 'learns'),
      ...round(18, 'asks'),
      ...round(18, 'learns'),
      ...round(24, 'asks'),
    ])
    expect(plan.rehearsal).toMatchObject({ learned: 24, cases: 18 })
  })

  it('puts the only unseen item first', async () => {
    const plan = PROTOCOLS['leave-one-out']!(await sixBySix(), OPTIONS)
    const report = makeReport(plan, await evaluate(plan), OPTIONS)
    const [all] = report.slices
    expect([all!.name, all!.n, all!.systems.blend!['HR@5'], all!.systems.popularity!.MRR]).toEqual(['all', 6, 1, 1])
  })
})

describe('temporal', () => {
  it('asks with the first 80 % known, then 90 %, then before every test event', async () => {
    const rows = Array.from({ length: 100 }, (_, at) => `u${at % 4},i${Math.floor(at / 4) % 12},${at},${1 + (at % 5)}`)
    const plan = PROTOCOLS.temporal!(await eventsOf(rows), OPTIONS)
    const steps = [...plan.steps()]
    const knownAt: Record<string, number[]> = {}
    let known = 0
    for (const step of steps) {
      if (step.type === 'learn') known++
      if (step.type !== 'predict') continue
      const [slice] = step.case.questions[0]!.slices
      knownAt[slice!] = [...(knownAt[slice!] ?? []), known]
    }
    expect(knownAt.frozen).toEqual([80, 80, 80, 80])
    expect(knownAt['frozen-at-90%']).toEqual([90, 90, 90, 90])
    expect(knownAt.growing).toEqual([90, 91, 92, 93, 94, 95, 96, 97, 98, 99])
  })

  it('rehearses within the first 80 %, as of 64 %', async () => {
    const rows = Array.from({ length: 100 }, (_, at) => `u${at % 4},i${Math.floor(at / 4) % 12},${at},${1 + (at % 5)}`)
    const { rehearsal } = PROTOCOLS.temporal!(await eventsOf(rows), OPTIONS)
    const asked = cases(rehearsal!)
    const frozen = asked.filter(({ questions: [question] }) => question!.slices[0] === 'frozen')
    expect(new Set(frozen.flatMap(({ targets }) => targets))).toEqual(new Set([72, 73, 74, 75, 76, 77, 78, 79]))
    const steps = [...rehearsal!.steps()]
    expect(steps.findIndex(({ type }) => type === 'fit')).toBe(64)
    expect(Math.max(...learned(rehearsal!), ...asked.flatMap(({ targets }) => targets))).toBe(79)
  })

  it('takes all test events of a user as relevant, those rated 4 and more apart', async () => {
    const rows = Array.from({ length: 100 }, (_, at) => `u${at % 5},i${at % 10},${at},${1 + (at % 5)}`)
    const plan = PROTOCOLS.temporal!(await eventsOf(rows), OPTIONS)
    const frozen = cases(plan).filter(({ questions: [question] }) => question!.slices[0] === 'frozen')
    expect(frozen.flatMap(({ questions: [question] }) => question!.relevant).sort()).toEqual([
      90, 91, 92, 93, 94, 95, 96, 97, 98, 99,
    ])
    const liked = frozen.flatMap(({ questions }) => questions[1]?.relevant ?? [])
    expect(liked.map((sequence) => plan.events.value[sequence]).every((value) => value! >= 4)).toBe(true)
    expect(liked).toHaveLength(4)
  })
})

describe('sampled', () => {
  it('ranks the target among 99 others that the user never met, the same for the same seed', () => {
    const events = readEvents(synthetic({ users: 150, items: 800, events: 6_000 }))
    const among = (seed: number) =>
      cases(PROTOCOLS.sampled!(events, { every: 1, seed })).map(
        ({ questions: [question] }) => question!.among as Int32Array,
      )
    const plan = PROTOCOLS.sampled!(events, OPTIONS)
    for (const asked of cases(plan)) {
      const competing = asked.questions[0]!.among as Int32Array
      const target = events.item[asked.targets[0]!]!
      const met = new Set<number>()
      events.user.forEach((user, sequence) => {
        if (user === asked.user) met.add(events.item[sequence]!)
      })
      expect(new Set(competing).size).toBe(100)
      expect([...competing].filter((item) => met.has(item))).toEqual([target])
    }
    expect(among(1)).toEqual(among(1))
    expect(among(1)).not.toEqual(among(2))
  })
})

describe('prequential', () => {
  it('predicts every event but the first of a user, then learns it', async () => {
    const plan = PROTOCOLS.prequential!(await eventsOf(['a,x,1', 'a,y,2', 'b,x,3', 'b,y,4']), OPTIONS)
    const log = [...plan.steps()].flatMap((step) =>
      step.type === 'learn' ? [`learn ${step.sequence}`] : step.type === 'predict' ? [`predict ${step.case.id}`] : [],
    )
    expect(log).toEqual(['learn 0', 'predict 1', 'learn 1', 'learn 2', 'predict 3', 'learn 3'])
    const tally = await evaluate(plan)
    // y competes from when someone has met it: at event 1 it cannot be recommended, at event 3 it is all there is.
    expect(tally.slices.all!.n).toBe(2)
    expect(tally.slices.all!.sums.popularity![0]).toBe(1)
  })

  it('asks about the end of the stream alone, and trains at its beginning and after each interval of event time', async () => {
    const hours = [0, 1, 2, 3, 4, 5, 6, 7, 8, 30, 31, 80]
    const events = await eventsOf(hours.map((hour, n) => `u${n % 2},i${n},${1 + 3600 * hour}`))
    const logOf = (options: object) => {
      const plan = PROTOCOLS.prequential!(events, { ...OPTIONS, last: 0.5, ...options })
      const log = [...plan.steps()].flatMap((step) =>
        step.type === 'predict' ? [`${step.case.id}`] : step.type === 'fit' ? ['fit'] : [],
      )
      return { log, plan }
    }
    expect(logOf({ refreshMs: 86_400_000 }).log).toEqual(['fit', '6', '7', '8', 'fit', '9', '10', 'fit', '11'])
    const { log, plan } = logOf({ refreshMs: Number.POSITIVE_INFINITY })
    expect(log).toEqual(['fit', '6', '7', '8', '9', '10', '11'])
    expect(plan.rules).toContain('trained ones at the first event asked about and never again.')
    expect(Object.keys((await evaluate(plan)).slices)).toEqual(
      expect.arrayContaining(['last-50%', 'last-20%', 'last-10%']),
    )
    expect(plan.headlines).not.toContain('all')
  })

  it('counts nothing as liked that carries no rating', async () => {
    const events = await eventsOf(['a,x,1,', 'a,y,2,', 'a,z,3,5', 'a,v,4,3'])
    expect(cases(PROTOCOLS.prequential!(events, OPTIONS)).map(({ questions: [q] }) => q!.slices.length)).toEqual([
      1, 2, 1,
    ])
  })

  it('does not ask for what the user has met before', async () => {
    const tally = await evaluate(PROTOCOLS.prequential!(await eventsOf(['a,x,1', 'a,y,2', 'a,x,3']), OPTIONS))
    expect([tally.slices.all!.n, tally.repeated]).toEqual([1, 1])
  })
})

describe('candidates', () => {
  it('ranks what was retrieved and counts what was not', async () => {
    const events = readEvents(synthetic({ users: 20, items: 200, events: 1_000 }))
    const tally = await evaluate(PROTOCOLS.candidates!(events, OPTIONS))
    const { n, sums } = tally.slices.all!
    expect(n + tally.notRetrieved + tally.repeated).toBeGreaterThan(80)
    expect(n).toBeGreaterThan(0)
    expect(sums.blend![0]).toBeLessThanOrEqual(n)
  })
})

describe('an evaluation in shares', () => {
  it.each(['prequential', 'temporal'])('adds up to the whole: %s', async (protocol) => {
    const events = readEvents(synthetic({ users: 12, items: 60, events: 900 }))
    const plan = PROTOCOLS[protocol]!(events, OPTIONS)
    const whole = makeReport(plan, await evaluate(plan), OPTIONS)
    const tally = emptyTally(SOURCE_NAMES.length)
    for (const turn of [0, 1]) mergeTally(tally, await evaluate(plan, (part) => part % 2 === turn))
    const parts = makeReport(plan, tally, OPTIONS)
    expect(parts.split).toEqual(whole.split)
    for (const [index, slice] of whole.slices.entries()) {
      const other = parts.slices[index]!
      expect([other.name, other.n]).toEqual([slice.name, slice.n])
      for (const [system, metrics] of Object.entries(slice.systems)) {
        for (const [metric, value] of Object.entries(metrics)) {
          expect(other.systems[system]![metric]).toBeCloseTo(value, 9)
        }
      }
    }
    expect(parts.sources[0]!.alone).toBeCloseTo(whole.sources[0]!.alone, 9)
    for (const [system, metrics] of Object.entries(whole.slices[0]!.intervals!)) {
      for (const [metric, [low, high]] of Object.entries(metrics)) {
        const other = parts.slices[0]!.intervals![system]![metric]!
        expect(other[0]).toBeCloseTo(low, 9)
        expect(other[1]).toBeCloseTo(high, 9)
      }
    }
  })
})
