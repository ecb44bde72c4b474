import type { Broker } from '../broker/broker.ts'
import type { ModelKernels } from '../models/model-kernels.ts'
import type { ModelName, ModelTrainer, TrainProgress } from '../models/model-trainer.ts'
import type { TrainingSet } from '../models/training-set.ts'
import { holdOut } from '../releases/holdout.ts'
import type { LoadedRelease } from '../releases/load-release.ts'
import { type Published, publishRelease } from '../releases/publish-release.ts'
import type { ReleaseFolder } from '../releases/release-folder.ts'
import { type FinishedModel, TrainingRun } from './training-run.ts'

/** Held out for the gate. */
const HELD_OUT = 2_000
/** Of the users at most so many, so that small data is not all held out. */
const HELD_OUT_SHARE = 0.25

export interface TrainReleaseOptions {
  readonly trainers: readonly ModelTrainer[]
  readonly folder: ReleaseFolder
  readonly broker: Pick<Broker, 'produce'>
  readonly kernels: ModelKernels
  readonly keep: number
  /** Compared with by the gate. */
  readonly inService: LoadedRelease | undefined
  /** Whether training begins from the release in service. */
  readonly warm: boolean
  /** Where a run that is killed leaves what it has come to. */
  readonly runFolder: string
  readonly seed: number
  /** Of each model. */
  readonly budgetSeconds: number
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: TrainProgress) => void
  readonly onMessage?: (message: string) => void
}

/** Trains every model on the set and publishes them as a release, if the gate lets them pass. */
export async function trainRelease(whole: TrainingSet, options: TrainReleaseOptions): Promise<Published> {
  const { trainers, inService, warm, runFolder, seed, onMessage = () => {} } = options
  const { set, cases } = holdOut(whole, Math.min(HELD_OUT, Math.floor(HELD_OUT_SHARE * whole.userIds.length)))
  const settings = JSON.stringify({ seed, from: warm ? inService?.version : undefined })
  const run = await TrainingRun.open(runFolder, set, settings)
  const models = new Map<ModelName, FinishedModel>()
  for (const trainer of trainers) {
    const before = await run.finished(trainer.name)
    if (before) onMessage(`${trainer.name}: finished by a run that was interrupted`)
    const model = before ?? (await trainOne(trainer, set, options))
    if (!before) await run.keep(trainer.name, model)
    models.set(trainer.name, model)
  }
  const published = await publishRelease({ set, models, cases }, options)
  await run.clear()
  return published
}

async function trainOne(trainer: ModelTrainer, set: TrainingSet, options: TrainReleaseOptions): Promise<FinishedModel> {
  const { seed, budgetSeconds, inService, warm, signal, onProgress, onMessage = () => {} } = options
  const tensors = warm ? inService?.models.get(trainer.name) : undefined
  const startedAt = performance.now()
  const trained = await trainer.train(set, {
    seed,
    budgetSeconds,
    ...(tensors && inService && { previous: { tensors, itemIds: inService.itemIds }, since: inService.watermark }),
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
  })
  const trainingSeconds = (performance.now() - startedAt) / 1000
  const metrics = Object.entries(trained.metrics).map(([name, value]) => `${name} ${Number(value.toPrecision(4))}`)
  onMessage(`${trainer.name}: trained in ${trainingSeconds.toFixed(1)} s  ${metrics.join('  ')}`)
  return { ...trained, trainingSeconds }
}
