import { describe, expect, it } from 'vitest'
import type { ModelName, TrainedModel } from '../../src/models/model-trainer.ts'
import type { ReleasedModels } from '../../src/models/released-models.ts'
import { buildIndexes } from '../../src/releases/build-indexes.ts'
import { embeddingStatistics } from '../../src/releases/embedding-statistics.ts'
import { type GateInput, gate } from '../../src/releases/gate.ts'
import { holdOut } from '../../src/releases/holdout.ts'
import { loadHnswlib } from '../../src/vector-index/hnswlib-vector-index.ts'
import type { VectorIndex } from '../../src/vector-index/vector-index.ts'
import { DIMENSIONS, fakeKernels, topicalModel, topicalNeighbours, topicalSet } from '../fakes/fake-models.ts'

const ITEMS = 160
const whole = topicalSet()
const { set, cases } = holdOut(whole, 100)

const released = (models: readonly [ModelName, TrainedModel][]): ReleasedModels => ({
  version: 'before',
  itemIds: set.itemIds,
  watermark: 0,
  models: new Map(models.map(([name, { tensors }]) => [name, tensors])),
})

async function gated(models: readonly [ModelName, TrainedModel][], changed: Partial<GateInput> = {}) {
  const candidate = released(models)
  const indexes = await buildIndexes(candidate.models, () => [], 0).catch(() => new Map<ModelName, VectorIndex>())
  return gate({ candidate, indexes, inService: undefined, set, cases, kernels: fakeKernels, ...changed })
}

/** Vectors that are all nearly one. */
function collapsed(): TrainedModel {
  const model = topicalModel(ITEMS)
  const { data } = model.tensors.get('items')!
  for (let i = 0; i < data.length; i++) data[i] = 1 + (i % DIMENSIONS) + 0.001 * data[i]!
  return model
}

describe('the holdout', () => {
  it('takes the latest event of those who came last, and leaves the rest in order', () => {
    expect(cases).toHaveLength(100)
    expect(set.item).toHaveLength(whole.item.length - 100)
    expect(cases[0]!.at).toBe(whole.asOf)
    const users = whole.userIds.length
    // The last 100 users of the round are those who came last.
    expect(set.starts[users - 100]).toBe(whole.starts[users - 100])
    expect([...set.item.subarray(0, 11)]).toEqual([...whole.item.subarray(0, 11)])
    for (const { history, target, at } of cases) {
      expect(history.item).toHaveLength(11)
      expect(history.item).not.toContain(target)
      expect(Math.max(...history.at)).toBeLessThan(at)
    }
  })

  it('asks nothing of who has one event only, or met the item before', () => {
    const again = { ...topicalSet({ users: 2, each: 2 }) }
    again.item.fill(3)
    expect(holdOut(again, 10).cases).toEqual([])
    expect(holdOut(topicalSet({ users: 2, each: 1 }), 10).cases).toEqual([])
  })
})

describe('the gate', () => {
  it('lets models pass that know their users, and says what it has measured', async () => {
    const report = await gated([
      ['two-tower', topicalModel(ITEMS)],
      ['item-cf', topicalNeighbours(ITEMS)],
    ])
    expect(report.reasons).toEqual([])
    expect(report.passed).toBe(true)
    expect(report.measures['two-tower/Recall@100']).toBeGreaterThan(0.8)
    // Exact search, where the library is missing, has nothing to be measured.
    const recall = report.measures['two-tower/indexRecall@100']
    if (await loadHnswlib()) expect(recall).toBeGreaterThanOrEqual(0.98)
    else expect(recall).toBeUndefined()
    expect(report.measures['two-tower/effectiveRank']).toBeGreaterThan(5)
    expect(report.measures['item-cf/NDCG@10']).toBeGreaterThan(0.1)
  })

  it.each<[string, () => TrainedModel, RegExp]>([
    ['of numbers that are not finite', () => spoilt(topicalModel(ITEMS)), /sequence: the tensor items .* not finite/],
    ['whose items are all alike', collapsed, /sequence: .* collapsed/],
    ['below popularity', () => reversed(topicalModel(ITEMS)), /sequence: .* of popularity/],
  ])('leaves a model out %s, and refuses everything where the release in service has it', async (_, model, reason) => {
    const models: [ModelName, TrainedModel][] = [
      ['two-tower', topicalModel(ITEMS)],
      ['sequence', model()],
    ]
    const report = await gated(models)
    expect(report).toMatchObject({ passed: true, leftOut: ['sequence'] })
    expect(report.reasons.join('\n')).toMatch(reason)
    expect(report.reasons.join('\n')).not.toContain('two-tower')
    const inService = { ...released([['sequence', topicalModel(ITEMS)]]), watermark: whole.asOf }
    expect(await gated(models, { inService })).toMatchObject({ passed: false, leftOut: [] })
    expect(await gated([models[1]!])).toMatchObject({ passed: false, leftOut: [] })
  })

  it('refuses what is worse than the model in service, beyond noise', async () => {
    const better = released([['two-tower', topicalModel(ITEMS, { noise: 0.1 })]])
    const report = await gated([['two-tower', topicalModel(ITEMS, { noise: 1.2 })]], { inService: better })
    expect(report.reasons.join('\n')).toMatch(/against .* of before, which is in service/)
  })

  it('lets noise be noise', async () => {
    const inService = released([['two-tower', topicalModel(ITEMS, { seed: 1 })]])
    const report = await gated([['two-tower', topicalModel(ITEMS, { seed: 2 })]], { inService })
    expect(report.reasons).toEqual([])
    expect(report.measures['two-tower/inService/NDCG@10']).toBeGreaterThan(0)
  })

  it('does not hold against a release what the one in service was trained on', async () => {
    const better = { ...released([['two-tower', topicalModel(ITEMS, { noise: 0 })]]), watermark: whole.asOf }
    const report = await gated([['two-tower', topicalModel(ITEMS, { noise: 0.6 })]], { inService: better })
    expect(report.reasons.filter((reason) => reason.includes('in service'))).toEqual([])
  })

  it('refuses an index that does not find', async () => {
    const blind: VectorIndex = {
      dimensions: DIMENSIONS,
      size: ITEMS,
      add: () => {},
      search: () => ({ labels: [0], scores: [1] }),
      close: () => {},
    }
    const report = await gated([['two-tower', topicalModel(ITEMS)]], { indexes: new Map([['two-tower', blind]]) })
    expect(report.reasons.join('\n')).toMatch(/two-tower: its index finds \d\.\d % of the 100 nearest/)
  })

  it('says nothing about quality where there is hardly anything to ask', async () => {
    const report = await gated([['two-tower', reversed(topicalModel(ITEMS))]], { cases: cases.slice(0, 5) })
    expect(report.passed).toBe(true)
  })

  it('refuses a ranker that orders worse than the blend it is given, and lets noise pass', async () => {
    const tensors = new Map([['output', { shape: [1], data: Float32Array.of(1) }]])
    const ranked = (own: number) => {
      const metrics = { cases: 2000, 'HR@10': own, 'HR@10 of the blend': 0.3 }
      return gated([['ranker', { tensors, metrics }]], { metrics: new Map([['ranker', metrics]]) })
    }
    expect((await ranked(0.2)).reasons[0]).toContain('ranker: HR@10 0.2000 against 0.3000 of the blend it orders')
    expect(await ranked(0.29)).toMatchObject({ passed: true, measures: { 'ranker/HR@10': 0.29 } })
    const few = { cases: 3, 'HR@10': 1, 'HR@10 of the blend': 0 }
    const first = await gated([['ranker', { tensors, metrics: few }]], { metrics: new Map([['ranker', few]]) })
    expect(first.reasons[0]).toContain('ranker: 3 cases are too few')
  })
})

describe('the gate on a network that attends', () => {
  const tensors = new Map([['output', { shape: [1], data: Float32Array.of(1) }]])
  const ranker: Record<string, number> = { cases: 2000, 'HR@10': 0.3, 'HR@10 of the blend': 0.28 }
  const good = {
    cases: 2000,
    'NDCG@10': 0.2,
    'NDCG@10 of features': 0.18,
    'NDCG@10 of the blend': 0.17,
    'satisfaction ECE': 0.02,
  }
  const attended = (metrics: Record<string, number>, inService?: ReleasedModels) =>
    gated(
      [
        ['ranker', { tensors, metrics: ranker }],
        ['din', { tensors, metrics }],
      ],
      {
        metrics: new Map([
          ['ranker', ranker],
          ['din', metrics],
        ]),
        ...(inService && { inService }),
      },
    )

  it('lets it pass where it beats the features alone', async () => {
    expect(await attended(good)).toMatchObject({ passed: true, leftOut: [], measures: { 'din/NDCG@10': 0.2 } })
  })

  it('leaves it out where it does not, also where one is in service: the features still order', async () => {
    const worse = { ...good, 'NDCG@10': 0.17 }
    const service = { version: 'v', itemIds: [], models: new Map([['din' as const, tensors]]), watermark: 0 }
    const report = await attended(worse, service)
    expect(report).toMatchObject({ passed: true, leftOut: ['din'] })
    expect(report.reasons[0]).toContain('NDCG@10 0.1700 against 0.1800 of the features alone')
    const unordered = await attended({ ...good, 'NDCG@10 of the blend': 0.3 })
    expect(unordered.reasons[0]).toContain('NDCG@10 0.2000 against 0.3000 of the blend it orders')
  })

  it('leaves out a first one that nothing speaks for, and lets one pass that goes on from the one in service', async () => {
    const few = { ...good, cases: 20 }
    expect((await attended(few)).reasons[0]).toContain('20 cases are too few')
    expect(await attended({ ...few, 'NDCG@10 in service': 0.2 })).toMatchObject({ leftOut: [] })
  })

  it('leaves it out where it has fallen behind the one in service, or its chances are none', async () => {
    const behind = await attended({ ...good, 'NDCG@10 in service': 0.3 })
    expect(behind.reasons[0]).toContain('of the one in service')
    const wrong = await attended({ ...good, 'satisfaction ECE': 0.3 })
    expect(wrong.reasons[0]).toContain('chances of satisfaction are off by 0.300')
  })
})

describe('statistics of embeddings', () => {
  it('count the dimensions in use', () => {
    const line = Float32Array.from({ length: 400 }, (_, i) => (i % 4 === 2 ? i : 5))
    expect(embeddingStatistics(line, 4).effectiveRank).toBeCloseTo(1, 6)
    const corners = Float32Array.from({ length: 64 }, (_, i) => ((i >> 2) & (1 << (i % 4)) ? 1 : -1))
    expect(embeddingStatistics(corners, 4).effectiveRank).toBeCloseTo(4, 6)
    expect(embeddingStatistics(corners, 4)).toMatchObject({ finite: true, meanNorm: 2, normSpread: 0 })
  })
})

function spoilt(model: TrainedModel): TrainedModel {
  model.tensors.get('items')!.data[7] = Number.NaN
  return model
}

/** Likes least what it should like most. */
function reversed(model: TrainedModel): TrainedModel {
  const sign = { shape: [1], data: Float32Array.of(-1) }
  return { ...model, tensors: new Map([...model.tensors, ['sign', sign]]) }
}
