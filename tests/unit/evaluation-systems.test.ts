import { describe, expect, it } from 'vitest'
import { evaluatePlan } from '../../src/evaluation/evaluate-plan.ts'
import { readEvents } from '../../src/evaluation/events.ts'
import type { Plan } from '../../src/evaluation/plan.ts'
import { PROTOCOLS } from '../../src/evaluation/protocols/protocols.ts'
import { HistorySums } from '../../src/evaluation/systems/history-sums.ts'
import { allocateItemModels, ItemModels } from '../../src/evaluation/systems/item-models.ts'
import { itemSimilarity } from '../../src/evaluation/systems/item-similarity.ts'
import { live } from '../../src/evaluation/systems/live.ts'
import { popularity } from '../../src/evaluation/systems/popularity.ts'
import { random } from '../../src/evaluation/systems/random.ts'
import { rankerLearner } from '../../src/evaluation/systems/ranker.ts'
import {
  allocateRanker,
  claimExamples,
  publishedAfter,
  putExample,
} from '../../src/evaluation/systems/ranker-examples.ts'
import type { Scorer } from '../../src/evaluation/systems/scorer.ts'
import { allocateSystems, openSystems, type SystemsMemory } from '../../src/evaluation/systems/systems.ts'
import { invertPositiveDefinite } from '../../src/kernels/positive-definite.ts'
import { openDataset } from '../../src/producers/datasets/open-dataset.ts'
import { synthetic } from '../../src/producers/datasets/synthetic.ts'
import { Random } from '../../src/random.ts'
import { RankerLearner } from '../../src/ranking/ranker-learner.ts'
import { CoOccurrence } from '../../src/training/co-occurrence.ts'
import { ease } from '../../src/training/ease.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** Users a and b meet p and q in this order, c meets q and r. */
const CSV = 'user,item,time,value\na,p,1,5\na,q,2,4\nb,p,3,3\nb,q,4,2\nc,q,5,5\nc,r,6,1\n'

async function events() {
  return readEvents(await openDataset(`${temporaryFolder({ 'own.csv': CSV })}/own.csv`))
}

/** Learns the events, with a fit after so many of them. */
async function fittedAfter(...counts: number[]): Promise<Plan> {
  const data = await events()
  return {
    ...PROTOCOLS.prequential!(data, { every: 1, seed: 1 }),
    *steps() {
      for (let sequence = 0; sequence <= data.size; sequence++) {
        if (counts.includes(sequence)) yield { type: 'fit' }
        if (sequence < data.size) yield { type: 'learn', sequence }
      }
    },
  }
}

describe('the inverse of a positive definite matrix', () => {
  it.each([1, 3, 65, 131])('times the matrix is the identity, at size %i', (size) => {
    const uniform = new Random(size)
    const matrix = new Float64Array(size * size)
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < i; j++) {
        matrix[i * size + j] = uniform.uniform() - 0.5
        matrix[j * size + i] = matrix[i * size + j]!
      }
      matrix[i * size + i] = size
    }
    const inverse = invertPositiveDefinite(matrix.slice(), size)
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) {
        let sum = 0
        for (let k = 0; k < size; k++) sum += matrix[i * size + k]! * inverse[k * size + j]!
        expect(Math.abs(sum - (i === j ? 1 : 0))).toBeLessThan(1e-12)
      }
    }
  })

  it('is refused for a matrix that has none', () => {
    expect(() => invertPositiveDefinite(Float64Array.of(1, 1, 1, 1), 2)).toThrow('row 1')
  })
})

describe('item similarity', () => {
  it('counts users who met both, whichever came first', async () => {
    const data = await events()
    const counts = new CoOccurrence(data.userIds.length, data.itemIds.length)
    for (let sequence = 0; sequence < data.size; sequence++) counts.learn(data.user[sequence]!, data.item[sequence]!)
    expect([counts.both(0, 1), counts.both(1, 0), counts.both(1, 2), counts.both(0, 2)]).toEqual([2, 2, 1, 0])
    expect([...counts.visits]).toEqual([2, 3, 1])
  })

  it('of EASE is the closed form, worked out by hand for two items', () => {
    // G + λI = [[3, 1], [1, 4]], its inverse [[4, -1], [-1, 3]] / 11, so B_01 = 1/3 and B_10 = 1/4.
    const counts = { items: 2, visits: Float64Array.of(2, 3), both: () => 1 } as unknown as CoOccurrence
    const weights = ease(counts, 1)
    expect(weights[0]).toBe(0)
    expect(weights[1]).toBeCloseTo(1 / 3, 6)
    expect(weights[2]).toBeCloseTo(1 / 4, 6)
  })

  it('is summed over the history, unknown before it is trained', async () => {
    const plan = await fittedAfter(6)
    const scorer = itemSimilarity(new ItemModels(plan, allocateItemModels(plan, ['item-cf', 'ease'])))
    const into = scorer.systems.map(() => new Float64Array(3))
    const query = { id: 0, user: 2, at: 7, history: [1] }
    await scorer.score(query, into)
    expect(into[0]).toEqual(new Float64Array(3))
    await scorer.fit!(0)
    await scorer.score(query, into)
    expect(into[0]![0]).toBeCloseTo(2 / Math.sqrt(3 * 4), 6)
    expect(into[0]![2]).toBeCloseTo(1 / Math.sqrt(2 * 4), 6)
  })

  it('is trained on exactly the events before the fit', async () => {
    const plan = await fittedAfter(2, 4)
    const models = new ItemModels(plan, allocateItemModels(plan, ['item-cf']))
    // After two events one user has met p and q, after four events two.
    expect(models.rows('item-cf', 0)[1]).toBeCloseTo(1 / 2, 6)
    expect(models.rows('item-cf', 1)[1]).toBeCloseTo(2 / 3, 6)
  })

  it('is trained once: a thread that finds a fit taken goes on with a later one', async () => {
    const plan = await fittedAfter(2, 4)
    const memory = allocateItemModels(plan, ['item-cf'])
    const [first, second] = [new ItemModels(plan, memory), new ItemModels(plan, memory)]
    const rows = first.rows('item-cf', 0)
    rows[1] = 7
    expect(second.rows('item-cf', 1)[1]).toBeCloseTo(2 / 3, 6)
    expect(second.rows('item-cf', 0)[1]).toBe(7)
    expect(first.rows('item-cf', 1)).toBe(second.rows('item-cf', 1))
  })

  it('says what to do where a catalogue is too large to compare every two items', async () => {
    const plan = await fittedAfter(6)
    const itemIds = Array.from({ length: 40_000 }, (_, item) => `i${item}`)
    const large = { ...plan, events: { ...plan.events, itemIds } }
    expect(() => allocateItemModels(large, ['ease'])).toThrow(/ease compare every two of 40000 items.*--systems/)
    expect(allocateItemModels(large, []).rows).toEqual({})
  })

  it('carries sums on as a history grows, as if made anew', () => {
    const uniform = new Random(3)
    const size = 7
    const rows = Float32Array.from({ length: size * size }, () => uniform.uniform())
    const history = Array.from({ length: 12 }, () => uniform.below(size))
    for (const weights of [
      { window: Number.POSITIVE_INFINITY, decay: 1 },
      { window: 4, decay: 0.8 },
    ]) {
      const carried = new HistorySums(weights)
      for (let length = 1; length <= history.length; length += 1 + (length % 3)) {
        const seen = history.slice(0, length)
        const sum = carried.of(0, seen, rows, size)
        const anew = new HistorySums(weights).of(0, seen, rows, size)
        for (let item = 0; item < size; item++) {
          const expected = seen
            .toReversed()
            .slice(0, weights.window)
            .reduce((total, from, age) => total + weights.decay ** age * rows[from * size + item]!, 0)
          expect(sum[item]).toBeCloseTo(expected, 5)
          expect(anew[item]).toBeCloseTo(expected, 5)
        }
      }
    }
  })
})

describe('simple systems', () => {
  it('popularity counts what has been met', async () => {
    const data = await events()
    const scorer = popularity(data)
    for (let sequence = 0; sequence < 4; sequence++) await scorer.learn(sequence)
    const into = new Float64Array(3)
    await scorer.score({ id: 0, user: 0, at: 0, history: [] }, [into])
    expect([...into]).toEqual([2, 2, 0])
  })

  it('chance is the same for the same seed and case, and not for others', async () => {
    const draw = async (seed: number, id: number) => {
      const into = new Float64Array(50)
      await random(seed).score({ id, user: 0, at: 0, history: [] }, [into])
      return into.join()
    }
    expect(await draw(1, 1)).toBe(await draw(1, 1))
    expect(await draw(1, 1)).not.toBe(await draw(1, 2))
    expect(await draw(1, 1)).not.toBe(await draw(2, 1))
  })
})

describe('the live systems', () => {
  it('score what others did after what the user did, through the real projections', async () => {
    const scorer = await live({ events: await events() }, 2)
    for (const sequence of [0, 1, 2]) await scorer.learn(sequence)
    await scorer.asked!(true)
    const into = scorer.systems.map(() => new Float64Array(3))
    await scorer.score({ id: 0, user: 1, at: 4000, history: [0] }, into)
    const blend = into[scorer.systems.indexOf('blend')]!
    const coVisits = into[scorer.systems.indexOf('co-visitation')]!
    expect(blend[1]).toBeGreaterThan(blend[2]!)
    expect(coVisits[1]).toBeGreaterThan(coVisits[2]!)
  })
})

describe('who is asked, and who reads the examples of the ranker,', () => {
  const systems = ['decayed-popularity', 'co-visitation', 'blend', 'ranker']

  it('makes no difference, to the last bit', async () => {
    const data = readEvents(synthetic({ users: 40, items: 80, events: 700 }))
    const plan = PROTOCOLS.prequential!(data, { every: 1, seed: 1 })
    const ask = async (claims: (part: number) => boolean, memory: SystemsMemory, isAlone: boolean) => {
      const scores = new Map<string, string>()
      const { scorers } = await openSystems({ plan, systems, memory, partitions: 3, seed: 1, isAlone })
      await evaluatePlan({ plan, scorers: recorded(scorers, scores), claims })
      return scores
    }
    const alone = await ask(() => true, allocateSystems(plan, systems), true)
    // The first is asked about every third part and reads all examples, the second is asked about the others.
    const shared = allocateSystems(plan, systems)
    const first = await ask((part) => part % 3 === 1, shared, true)
    const second = await ask((part) => part % 3 !== 1, shared, false)
    expect(Math.min(first.size, second.size)).toBeGreaterThan(50)
    expect(first.size + second.size).toBe(alone.size)
    for (const [asked, scores] of [...first, ...second]) expect(scores === alone.get(asked), asked).toBe(true)
  })
})

/** Notes every score of every case. */
function recorded(scorers: readonly Scorer[], into: Map<string, string>): Scorer[] {
  return scorers.map((scorer) => ({
    ...scorer,
    async score(query, scores) {
      await scorer.score(query, scores)
      into.set(`${scorer.systems} at ${query.at}, case ${query.id}`, scores.map((values) => values.join()).join())
    },
  }))
}

describe('the ranker', () => {
  it('learns in the order of the stream, in whatever order examples are handed over', async () => {
    const memory = allocateRanker(planOfExamples(20), () => true)
    const width = memory.names.length
    const table = (example: number) => ({
      candidates: [4, 7, 9],
      items: Float32Array.from({ length: 3 * width }, (_, i) => Math.sin(i * (example + 1))),
      context: Float32Array.from(memory.contextNames, (_, i) => Math.cos(i * example)),
    })
    const learner = await rankerLearner(memory, planOfExamples(20), 2)
    const initial = publishedAfter(memory, 7)
    expect(initial.retrieved).toBe(0)
    for (const example of [3, 1, 0, 2, 7, 5, 6, 4]) {
      putExample(memory, example, table(example), example === 6 ? -1 : example % 3)
      learner.learnWaiting()
    }
    const expected = new RankerLearner(memory.names, memory.contextNames, { random: new Random(1) })
    for (const example of [0, 1, 2, 3, 4, 5, 7]) expected.learn(table(example), example % 3)
    const { parameters, retrieved } = publishedAfter(memory, 9)
    expect(parameters).toEqual(expected.parameters)
    expect(parameters).not.toEqual(initial.parameters)
    expect(retrieved).toBe(7 / 8)
  })

  it('has learned in the rehearsal, where there is one, before it is asked anything', async () => {
    const data = readEvents(synthetic({ users: 60, items: 60, events: 2_000 }))
    const plan = PROTOCOLS['leave-one-out']!(data, { every: 1, seed: 1 })
    const memory = allocateSystems(plan, ['ranker']).ranker!
    const learner = await rankerLearner(memory, plan, 2)
    learner.learnAll()
    const { parameters, retrieved } = publishedAfter(memory, 0)
    expect(memory.examples).toBe(0)
    const initial = new RankerLearner(memory.names, memory.contextNames, { random: new Random(1) }).parameters
    expect(parameters.linear).not.toEqual(initial.linear)
    expect(retrieved).toBeGreaterThan(0.5)
    expect(retrieved).toBeLessThanOrEqual(1)
  })

  it('leaves the examples of a stretch to one of the threads', () => {
    const memory = allocateRanker(planOfExamples(250), (learned) => learned % 4 === 0)
    expect(memory.examples).toBe(63)
    expect([claimExamples(memory, 0), claimExamples(memory, 2), claimExamples(memory, 0)]).toEqual([true, true, false])
  })

  it('puts what was seen behind everything', async () => {
    const plan = await fittedAfter()
    const memory = allocateSystems(plan, ['ranker'])
    const { scorers } = await openSystems({ plan, systems: ['ranker'], memory, partitions: 2, seed: 1, isAlone: true })
    const stretch = { index: 0, steps: [...plan.steps()], isFit: false, asks: true }
    for (const scorer of scorers) await scorer.begin?.(stretch, true)
    for (let sequence = 0; sequence < 5; sequence++) {
      for (const scorer of scorers) await scorer.before?.(sequence)
      for (const scorer of scorers) await scorer.learn(sequence)
    }
    const into = new Float64Array(3)
    for (const scorer of scorers) await scorer.asked?.(true)
    const query = { id: 5, user: 1, at: 6000, history: [0] }
    for (const scorer of scorers) {
      await scorer.score(
        query,
        scorer.systems.map(() => into),
      )
    }
    // Users a and b have met p and q, so b is shown r only if anything.
    expect(into[1]).toBeLessThan(-1000)
    expect(into.every(Number.isFinite)).toBe(true)
  })
})

/** A plan that learns so many events. */
function planOfExamples(learned: number): Plan {
  const steps = Array.from({ length: learned }, (_, sequence) => ({ type: 'learn', sequence }) as const)
  return { learned, steps: () => steps } as unknown as Plan
}
