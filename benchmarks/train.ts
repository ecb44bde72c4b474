// Training each model of a release from nothing, and the refresh of a release by the last hundredth of the stream; then,
// for some seconds each, what the models that take gradient steps do on WebAssembly.
import { openData } from '../src/bin/roles/replay.ts'
import { readEvents } from '../src/evaluation/events.ts'
import { trainingSetOf } from '../src/evaluation/training-set-of.ts'
import type { ModelName, TrainedModel } from '../src/models/model-trainer.ts'
import { ProblemList } from '../src/producers/datasets/problem-list.ts'
import { itemCfTrainer } from '../src/training/item-cf-trainer.ts'
import { sequenceTrainer } from '../src/training/sequence-trainer.ts'
import { openBackend, openTensorFlow } from '../src/training/tensorflow.ts'
import { twoTowerTrainer } from '../src/training/two-tower-trainer.ts'
import { type Benchmark, peakRssMiB, rounded } from './benchmark.ts'

const REFRESH_SHARE = 0.01
const SEED = 1
const WASM_SECONDS = 20

export const run: Benchmark = async ({ config, data, status }) => {
  const events = readEvents(await openData(data, config, new ProblemList()))
  const first = (size: number) => trainingSetOf(events, new Uint8Array(events.size).fill(1, 0, size))
  const whole = first(events.size)
  const before = first(Math.floor(events.size * (1 - REFRESH_SHARE)))
  const backend = await openTensorFlow()
  const onProgress = ({ model, step, steps, loss }: { model: string; step: number; steps: number; loss: number }) =>
    status(`${model}  step ${step}/${steps}  loss ${loss.toFixed(4)}`)
  const budgetSeconds = config.trainBudgetSeconds
  const trained = new Map<ModelName, TrainedModel>()
  const figures: Record<string, unknown> = { backend, events: before.item.length, budgetSecondsAModel: budgetSeconds }
  let [cold, refresh] = [0, 0]
  for (const trainer of [itemCfTrainer(), twoTowerTrainer(), sequenceTrainer()]) {
    const { name } = trainer
    let steps = 0
    const counted = (progress: Parameters<typeof onProgress>[0]) => {
      steps = Math.max(steps, progress.step)
      onProgress(progress)
    }
    const startedAt = performance.now()
    const model = await trainer.train(before, { seed: SEED, budgetSeconds, onProgress: counted })
    const seconds = (performance.now() - startedAt) / 1000
    trained.set(name, model)
    cold += seconds
    const again = performance.now()
    const previous = { tensors: model.tensors, itemIds: before.itemIds }
    const options = { seed: SEED, budgetSeconds, previous, since: before.asOf, onProgress }
    const refreshed = await trainer.train(whole, options)
    const refreshSeconds = (performance.now() - again) / 1000
    refresh += refreshSeconds
    figures[name] = {
      seconds: rounded(seconds, 1),
      steps,
      ...speedOf(model),
      warmRefreshSeconds: rounded(refreshSeconds, 1),
      metrics: model.metrics,
      afterRefresh: refreshed.metrics,
    }
  }
  const peak = peakRssMiB()
  await openBackend('wasm')
  const wasm: Record<string, object> = {}
  for (const trainer of [twoTowerTrainer(), sequenceTrainer()]) {
    status(`${trainer.name} on WebAssembly`)
    wasm[trainer.name] = speedOf(await trainer.train(before, { seed: SEED, budgetSeconds: WASM_SECONDS }))
  }
  return {
    ...figures,
    coldSeconds: rounded(cold, 1),
    warmRefreshSeconds: rounded(refresh, 1),
    peakRssMiB: peak,
    wasm,
  }
}

/** Of the steps alone, without what is worked out before them. */
function speedOf({ metrics: { examples, seconds } }: TrainedModel) {
  return examples && seconds ? { examplesPerSecond: Math.round(examples / seconds) } : {}
}
