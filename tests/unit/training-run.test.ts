import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { ModelTrainer, TrainOptions } from '../../src/models/model-trainer.ts'
import type { TrainingSet } from '../../src/models/training-set.ts'
import { readTrainingSetFile, writeTrainingSet } from '../../src/models/training-set-file.ts'
import { ReleaseFolder } from '../../src/releases/release-folder.ts'
import { type TrainReleaseOptions, trainRelease } from '../../src/training/train-release.ts'
import { TrainingRun } from '../../src/training/training-run.ts'
import { FakeBroker } from '../fakes/fake-broker.ts'
import { fakeKernels, topicalModel, topicalNeighbours, topicalSet } from '../fakes/fake-models.ts'
import { temporaryFolder } from './temporary-folder.ts'

const set = topicalSet()
const items = set.itemIds.length

/** Counts its trainings; fails where told to, as one that is stopped does. */
class FakeTrainer implements ModelTrainer {
  readonly name: 'two-tower' | 'item-cf'
  readonly options: TrainOptions[] = []
  readonly sets: TrainingSet[] = []
  fails = false

  constructor(name: 'two-tower' | 'item-cf') {
    this.name = name
  }

  async train(given: TrainingSet, options: TrainOptions) {
    this.options.push(options)
    this.sets.push(given)
    if (this.fails) throw new Error('stopped')
    return this.name === 'item-cf' ? topicalNeighbours(items) : topicalModel(items)
  }
}

class FakeRanker implements ModelTrainer {
  readonly name = 'ranker'
  readonly options: TrainOptions[] = []
  fails = false

  async train(_: TrainingSet, options: TrainOptions) {
    this.options.push(options)
    if (this.fails) throw new Error('stopped')
    return { tensors: new Map([['hidden', { shape: [1], data: Float32Array.of(1) }]]), metrics: {} }
  }
}

function parts() {
  const path = temporaryFolder()
  const [first, second] = [new FakeTrainer('item-cf'), new FakeTrainer('two-tower')] as const
  const options: TrainReleaseOptions = {
    trainers: [first, second],
    folder: new ReleaseFolder(join(path, 'releases')),
    broker: new FakeBroker(),
    kernels: fakeKernels,
    keep: 3,
    inService: undefined,
    warm: true,
    runFolder: join(path, 'training'),
    seed: 1,
    budgetSeconds: 5,
  }
  return { first, second, options }
}

describe('training a release', () => {
  it('goes on behind what was finished before it was interrupted', async () => {
    const { first, second, options } = parts()
    second.fails = true
    await expect(trainRelease(set, options)).rejects.toThrow('stopped')
    expect(await TrainingRun.unfinishedAsOf(options.runFolder)).toBe(set.asOf)
    second.fails = false
    const outcome = await trainRelease(set, options)
    expect(outcome.published).toBe(true)
    expect([first.options.length, second.options.length]).toEqual([1, 2])
    expect(await TrainingRun.unfinishedAsOf(options.runFolder)).toBeUndefined()
    expect(existsSync(options.runFolder)).toBe(false)
  })

  it('begins anew where other events have been read', async () => {
    const { first, second, options } = parts()
    second.fails = true
    await expect(trainRelease(set, options)).rejects.toThrow('stopped')
    second.fails = false
    await trainRelease(topicalSet({ seed: 2 }), options)
    expect(first.options).toHaveLength(2)
  })

  it('is a refresh once there is a release: each model goes on from it, over what came after', async () => {
    const { first, options } = parts()
    const one = await trainRelease(set, options)
    if (!one.published) throw new Error(one.gate.reasons.join())
    const inService = await options.folder.load(one.manifest.version)
    await trainRelease(set, { ...options, inService })
    expect(first.options[0]).not.toHaveProperty('previous')
    expect(first.options[1]).toMatchObject({
      since: inService.watermark,
      previous: { itemIds: set.itemIds, tensors: inService.models.get('item-cf') },
    })
    await trainRelease(set, { ...options, inService, warm: false })
    expect(first.options[2]).not.toHaveProperty('previous')
  })

  it('begins from nothing, and says so, once the log has grown by half since models did', async () => {
    const { first, options } = parts()
    const release = async (log: TrainingSet, more: Partial<TrainReleaseOptions> = {}) => {
      const outcome = await trainRelease(log, { ...options, ...more })
      if (!outcome.published) throw new Error(outcome.gate.reasons.join())
      return options.folder.load(outcome.manifest.version)
    }
    const whole = topicalSet({ users: 120, each: 15 })
    const [begun, refreshed] = [topicalSet({ users: 120, each: 10 }), topicalSet({ users: 120, each: 14 })]
    const cold = await release(begun)
    const refresh = await release(refreshed, { inService: cold })
    expect([cold, refresh].map(({ manifest }) => manifest.begunWith)).toEqual([1_200, 1_200])
    expect(first.options[1]).toHaveProperty('previous')

    const messages: string[] = []
    const anew = await release(whole, { inService: refresh, onMessage: (text) => messages.push(text) })
    expect(anew.manifest).toMatchObject({ begunWith: 1_800, parent: refresh.version })
    expect(first.options[2]).not.toHaveProperty('previous')
    expect(messages).toContain('The log has outgrown the models in service: training begins from nothing.')
  })

  it('rehearses from nothing, so that the ranker learns on models that have not seen its examples', async () => {
    const { first, options } = parts()
    const ranker = new FakeRanker()
    ranker.fails = true
    const withRanker = { ...options, trainers: [first, ranker] }
    await expect(trainRelease(set, withRanker)).rejects.toThrow('stopped')
    ranker.fails = false
    const outcome = await trainRelease(set, withRanker)
    if (!outcome.published) throw new Error(outcome.gate.reasons.join())
    const [rehearsed, whole] = first.sets
    expect(first.sets).toHaveLength(2)
    expect(rehearsed!.item.length).toBeLessThan(whole!.item.length)
    expect(first.options[0]).not.toHaveProperty('previous')
    expect(first.options[1]).toMatchObject({ since: rehearsed!.asOf, previous: { itemIds: set.itemIds } })
    expect(first.options[0]!.budgetSeconds + first.options[1]!.budgetSeconds).toBe(options.budgetSeconds)
    expect(ranker.options[1]!.retrieval).toMatchObject({ watermark: rehearsed!.asOf, itemIds: set.itemIds })
    expect([...ranker.options[1]!.retrieval!.models.keys()]).toEqual(['item-cf'])

    const inService = await options.folder.load(outcome.manifest.version)
    await trainRelease(set, { ...withRanker, inService })
    expect(first.sets).toHaveLength(3)
    expect(ranker.options[2]!.retrieval!.watermark).toBe(inService.watermark)
  })

  it('holds back from the models what the gate asks', async () => {
    const { options } = parts()
    let seen = 0
    const trainer: ModelTrainer = {
      name: 'item-cf',
      train: async ({ item }) => {
        seen = item.length
        return topicalNeighbours(items)
      },
    }
    await trainRelease(set, { ...options, trainers: [trainer] })
    expect(seen).toBe(set.item.length - set.userIds.length / 4)
  })
})

describe('a training set in a file', () => {
  it('comes out as it went in', () => {
    const path = join(temporaryFolder(), 'set')
    writeTrainingSet(path, set)
    expect(readTrainingSetFile(path)).toEqual(set)
  })

  it('is refused where it is something else', () => {
    const folder = temporaryFolder({ set: 'something else' })
    expect(() => readTrainingSetFile(join(folder, 'set'))).toThrow(expect.objectContaining({ code: 'CORRUPT' }))
  })
})
