import { describe, expect, it } from 'vitest'
import { readEvents } from '../../src/evaluation/events.ts'
import { fitModels, learningCurves, readFitted } from '../../src/evaluation/fitted-models.ts'
import type { Plan, Step } from '../../src/evaluation/plan.ts'
import { prequential } from '../../src/evaluation/protocols/prequential.ts'
import { live } from '../../src/evaluation/systems/live.ts'
import { trained } from '../../src/evaluation/systems/trained.ts'
import type { ModelTrainer, TrainOptions } from '../../src/models/model-trainer.ts'
import type { TrainingSet } from '../../src/models/training-set.ts'
import { openDataset } from '../../src/producers/datasets/open-dataset.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** Twenty events, one a second; user and item of event n are n mod 3 and n mod 5. */
const CSV = `user,item,time,value\n${Array.from({ length: 20 }, (_, n) => `u${n % 3},i${n % 5},${n + 1},4\n`).join('')}`

async function openPlan() {
  const events = readEvents(await openDataset(`${temporaryFolder({ 'own.csv': CSV })}/own.csv`))
  return prequential(events, { every: 1, seed: 1 })
}

/** Every item's one neighbour is item 2, as strong as events were trained on. */
function countingTrainer(calls: { set: TrainingSet; options: TrainOptions }[]): ModelTrainer {
  return {
    name: 'item-cf',
    async train(set, options) {
      calls.push({ set, options })
      const progress = { model: 'item-cf', steps: 300, learningRate: 0.1, etaSeconds: 0 } as const
      for (let step = 1; step <= 300; step++) options.onProgress?.({ ...progress, step, loss: 1 / step })
      const shape = [set.itemIds.length, 1]
      const column = (value: number) => ({ shape, data: new Float32Array(set.itemIds.length).fill(value) })
      const one = { shape: [1], data: Float32Array.of(1) }
      return {
        tensors: new Map([
          ['neighbours', column(2)],
          ['weights', column(set.item.length)],
          ['window', one],
          ['decay', one],
        ]),
        metrics: {},
      }
    },
  }
}

describe('models that are fitted for an evaluation', () => {
  it('see what was learned before each fit and nothing else, and go on from the fit before', async () => {
    const plan = await openPlan()
    const calls: { set: TrainingSet; options: TrainOptions }[] = []
    const models = [{ trainer: countingTrainer(calls), recipe: {} }]
    const options = { folder: temporaryFolder({}), models, seed: 1, budgetSeconds: 5 }
    const { rehearsal, fits } = await fitModels(plan, options)
    // The rehearsal, then every tenth of twenty events, behind a rehearsal wherever events have grown by half.
    expect(calls.map(({ set }) => set.item.length)).toEqual([1, 2, 3, 4, 4, 6, 8, 8, 10, 12, 14, 12, 16, 18])
    expect(rehearsal!.learned).toBe(1)
    const { at } = plan.events
    for (const { set } of calls) {
      expect(set.asOf).toBe(at[set.item.length - 1])
      expect([...set.at].sort((a, b) => a - b)).toEqual([...at.subarray(0, set.item.length)])
    }
    expect(calls[1]!.options.since).toBe(at[0])
    for (const rehearsed of [0, 2]) {
      expect(calls[rehearsed]!.options.previous).toBeUndefined()
      const budgets = [rehearsed, rehearsed + 1].map((call) => calls[call]!.options.budgetSeconds)
      expect(budgets[0]! + budgets[1]!).toBe(options.budgetSeconds)
    }
    // A refresh.
    expect(calls[6]!.options.since).toBe(at[5])
    expect(calls[6]!.options.previous!.tensors.get('weights')!.data[0]).toBe(6)
    expect(calls[6]!.options.budgetSeconds).toBe(options.budgetSeconds)
    expect(readFitted(rehearsal!.files, plan.events.itemIds).watermark).toBe(at[0])
    expect(readFitted(fits[1]!, plan.events.itemIds).watermark).toBe(at[3])

    const again = await fitModels(plan, options)
    expect(calls).toHaveLength(14)
    const curves = learningCurves(again)
    expect(curves.map(({ name }) => name)).toEqual(['rehearsal item-cf', ...fits.map((_, fit) => `fit ${fit} item-cf`)])
    expect(curves[0]!.points.at(-1)).toEqual({ step: 300, loss: 1 / 300 })
    expect(curves[0]!.points).toHaveLength(100)
    await fitModels(plan, { ...options, seed: 2 })
    expect(calls).toHaveLength(28)
  })

  it('are rehearsed on what the rehearsal of the plan has learned by its first fit', async () => {
    const plan = await openPlan()
    const last = (...rest: Step[]): Plan => ({
      ...plan,
      *steps() {
        for (const sequence of [0, 1, 2, 5, 6]) yield { type: 'learn', sequence }
        yield* rest
      },
    })
    const calls: { set: TrainingSet; options: TrainOptions }[] = []
    const models = [{ trainer: countingTrainer(calls), recipe: {} }]
    const rehearsal = last({ type: 'fit' }, { type: 'learn', sequence: 3 }, { type: 'fit' })
    const whole = {
      ...last({ type: 'learn', sequence: 3 }, { type: 'fit' }, { type: 'learn', sequence: 9 }, { type: 'fit' }),
      rehearsal,
    }
    const { rehearsal: rehearsed } = await fitModels(whole, {
      folder: temporaryFolder({}),
      models,
      seed: 1,
      budgetSeconds: 5,
    })
    expect(rehearsed!.learned).toBe(5)
    expect(calls.map(({ set }) => set.item.length)).toEqual([5, 6, 7])
    // Event 3 is earlier than event 6, which had been seen: a refresh looks at everything. Event 9 is later.
    expect(calls.map(({ options }) => options.since)).toEqual([undefined, Number.NEGATIVE_INFINITY, plan.events.at[6]])
  })

  it('score live histories as of the last fit, and nothing before the first', async () => {
    const plan = await openPlan()
    const models = [{ trainer: countingTrainer([]), recipe: {} }]
    const { fits } = await fitModels(plan, { folder: temporaryFolder({}), models, seed: 1, budgetSeconds: 5 })
    const scorer = trained(plan.events, ['item-cf'], fits)
    const score = () => {
      const into = new Float64Array(plan.events.itemIds.length)
      scorer.score({ id: 0, user: 0, at: 9_000, history: [] }, [into])
      return [...into]
    }
    scorer.learn(0)
    expect(score()).toEqual([0, 0, 0, 0, 0])
    scorer.fit!(0)
    expect(score()).toEqual([0, 0, 2, 0, 0])
    scorer.fit!(1)
    expect(score()).toEqual([0, 0, 4, 0, 0])
  })

  it('take part in the blend from their fit on', async () => {
    const plan = await openPlan()
    const models = [{ trainer: countingTrainer([]), recipe: {} }]
    const { fits } = await fitModels(plan, { folder: temporaryFolder({}), models, seed: 1, budgetSeconds: 5 })
    const scorer = await live(plan, 2, ['blend'], { rehearsal: undefined, fits })
    const [user, at] = [0, 9_000]
    const blend = async () => {
      await scorer.asked!(true)
      const into = new Float64Array(plan.events.itemIds.length)
      await scorer.score({ id: 0, user, at, history: [] }, [into])
      return into
    }
    await scorer.learn(0)
    const before = await blend()
    await scorer.fit!(0)
    const after = await blend()
    const changed = [...after.keys()].filter((item) => after[item] !== before[item])
    expect(changed).toEqual([2])
    expect(after[2]).toBeGreaterThan(before[2]!)
  })
})
