import { describe, expect, it } from 'vitest'
import { readEvents } from '../../src/evaluation/events.ts'
import type { Plan } from '../../src/evaluation/plan.ts'
import { PROTOCOLS } from '../../src/evaluation/protocols/protocols.ts'
import { HistorySums } from '../../src/evaluation/systems/history-sums.ts'
import { allocateItemModels, ItemModels } from '../../src/evaluation/systems/item-models.ts'
import { itemSimilarity } from '../../src/evaluation/systems/item-similarity.ts'
import { live } from '../../src/evaluation/systems/live.ts'
import { popularity } from '../../src/evaluation/systems/popularity.ts'
import { random } from '../../src/evaluation/systems/random.ts'
import { ranker } from '../../src/evaluation/systems/ranker.ts'
import { openDataset } from '../../src/producers/datasets/open-dataset.ts'
import { synthetic } from '../../src/producers/datasets/synthetic.ts'
import { Random } from '../../src/random.ts'
import { CoOccurrence } from '../../src/training/co-occurrence.ts'
import { ease } from '../../src/training/ease.ts'
import { invertPositiveDefinite } from '../../src/training/positive-definite.ts'
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
    const data = await events()
    const scorer = await live(data, 2)
    for (const sequence of [0, 1, 2]) await scorer.learn(sequence)
    await scorer.asked!(true, true)
    const into = scorer.systems.map(() => new Float64Array(3))
    await scorer.score({ id: 0, user: 1, at: 4000, history: [0] }, into)
    const blend = into[scorer.systems.indexOf('blend')]!
    const coVisits = into[scorer.systems.indexOf('co-visitation')]!
    expect(blend[1]).toBeGreaterThan(blend[2]!)
    expect(coVisits[1]).toBeGreaterThan(coVisits[2]!)
  })

  it('score the same whoever was asked before: others, here or elsewhere', async () => {
    const data = readEvents(synthetic({ users: 30, items: 80, events: 1_500 }))
    const ask = async (isMine: (case_: number) => boolean) => {
      const scorer = await live(data, 2)
      const into = scorer.systems.map(() => new Float64Array(data.itemIds.length))
      const scores: string[] = []
      for (let sequence = 0; sequence < data.size; sequence++) {
        const part = Math.floor(sequence / 250)
        await scorer.asked!(isMine(part), sequence % 250 === 0)
        if (isMine(part)) {
          const history: number[] = []
          await scorer.score({ id: sequence, user: data.user[sequence]!, at: data.at[sequence]!, history }, into)
          if (part === 4) scores.push(into.map((values) => values.join()).join())
        }
        await scorer.learn(sequence)
      }
      return scores
    }
    const all = await ask(() => true)
    expect(all).toHaveLength(250)
    expect(await ask((part) => part === 4)).toEqual(all)
    expect(await ask((part) => part === 1 || part === 4)).toEqual(all)
  })
})

describe('the ranker', () => {
  it('learns in the order of the stream, and asked or not in between scores the same', async () => {
    const data = await events()
    const scores = async (isAskedBefore: boolean) => {
      const scorer = await ranker(data, 2)
      for (let sequence = 0; sequence < 5; sequence++) {
        await scorer.learn(sequence)
        await scorer.asked!(isAskedBefore, false)
        const query = { id: sequence, user: 0, at: 6000, history: [] }
        if (isAskedBefore) await scorer.score(query, [new Float64Array(3)])
      }
      const into = new Float64Array(3)
      await scorer.score({ id: 5, user: 1, at: 6000, history: [0] }, [into])
      return into
    }
    const [asked, unasked] = [await scores(true), await scores(false)]
    expect(asked).toEqual(unasked)
    // Users a and b have met p and q, so b is shown r only if anything: what was seen comes last.
    expect(asked[1]).toBeLessThan(-1000)
    expect(asked.every(Number.isFinite)).toBe(true)
  })
})
