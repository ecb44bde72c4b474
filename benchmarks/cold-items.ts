// How well the two-tower model, trained on four fifths of a stream, finds items of the last fifth that fewer than five had
// visited when they were asked for: as it serves them, and by what the catalogue says of them alone.
import { openData } from '../src/bin/roles/replay.ts'
import { type Events, readEvents } from '../src/evaluation/events.ts'
import { historyOf } from '../src/evaluation/systems/trained.ts'
import { trainingSetOf } from '../src/evaluation/training-set-of.ts'
import { innerProduct } from '../src/inner-product.ts'
import { itemTower } from '../src/kernels/item-tower.ts'
import { queryModel } from '../src/kernels/query-models.ts'
import type { TrainedModel } from '../src/models/model-trainer.ts'
import { ProblemList } from '../src/producers/datasets/problem-list.ts'
import { twoTowerTrainer } from '../src/training/two-tower-trainer.ts'
import { type Benchmark, rounded } from './benchmark.ts'

const LEARNED = 0.8
/** Visits below which an item is cold. */
const COLD = 5
const SEED = 1

export const run: Benchmark = async ({ config, data, status }) => {
  const events = readEvents(await openData(data, config, new ProblemList()))
  const learned = Math.floor(LEARNED * events.size)
  const set = trainingSetOf(events, new Uint8Array(events.size).fill(1, 0, learned))
  const model = await twoTowerTrainer().train(set, {
    seed: SEED,
    budgetSeconds: config.trainBudgetSeconds,
    onProgress: ({ step, steps, loss }) => status(`step ${step}/${steps}  loss ${loss.toFixed(4)}`),
  })
  return {
    secondsOfTraining: rounded(model.metrics.seconds!, 1),
    steps: model.metrics.steps,
    ...ask(events, learned, model),
  }
}

function ask(events: Events, learned: number, { tensors }: TrainedModel): object {
  const { dimensions, items, query } = queryModel('two-tower', tensors)!
  const tower = itemTower(tensors)
  const visits = new Uint32Array(events.itemIds.length)
  for (const item of events.item.subarray(0, learned)) visits[item]!++
  const known = new Map(events.catalogue.map((item) => [item.itemId, item]))
  const described = items.slice()
  events.itemIds.forEach((itemId, item) => {
    const vector = described.subarray(item * dimensions, (item + 1) * dimensions)
    const about = known.get(itemId)
    if (visits[item]! < COLD && about) tower.embed(about, vector)
  })
  const histories = events.userIds.map((): number[] => [])
  for (let event = 0; event < learned; event++) histories[events.user[event]!]!.push(event)
  const all = { served: 0, byContent: 0, popularity: 0, random: 0 }
  const amongCold = { served: 0, byContent: 0, random: 0 }
  const vector = new Float32Array(dimensions)
  let cases = 0
  for (let event = learned; event < events.size; event++) {
    const target = events.item[event]!
    const user = events.user[event]!
    const history = histories[user]!
    if (visits[target]! < COLD && query(historyOf(events, user, history, events.at[event]!), vector)) {
      cases++
      const seen = new Set(history.map((sequence) => events.item[sequence]!))
      const others = [...visits.keys()].filter((item) => item !== target && !seen.has(item) && visits[item]! > 0)
      const cold = [...visits.keys()].filter((item) => item !== target && !seen.has(item) && visits[item]! < COLD)
      const above = (among: readonly number[], vectors: Float32Array) => {
        const scoreOf = (item: number) => innerProduct(vectors, item * dimensions, vector, 0, dimensions)
        const own = scoreOf(target)
        return among.filter((item) => scoreOf(item) > own).length
      }
      if (above(others, items) < 100) all.served++
      if (above(others, described) < 100) all.byContent++
      if (others.filter((item) => visits[item]! > visits[target]!).length < 100) all.popularity++
      all.random += Math.min(1, 100 / (others.length + 1))
      if (above(cold, items) < 20) amongCold.served++
      if (above(cold, described) < 20) amongCold.byContent++
      amongCold.random += Math.min(1, 20 / (cold.length + 1))
    }
    history.push(event)
    visits[target]!++
  }
  const shares = (counts: Record<string, number>) =>
    Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, rounded(count / cases, 4)]))
  return { cases, 'HR@100': shares(all), 'HR@20 among cold items': shares(amongCold) }
}
