import type { Broker } from '../broker/broker.ts'
import type { ModelKernels } from '../models/model-kernels.ts'
import { type ModelName, type ModelTrainer, RANKERS, type TrainProgress } from '../models/model-trainer.ts'
import type { ReleasedModels } from '../models/released-models.ts'
import type { Tensors } from '../models/tensors.ts'
import type { TrainingSet } from '../models/training-set.ts'
import { holdOut } from '../releases/holdout.ts'
import type { LoadedRelease } from '../releases/load-release.ts'
import { type Published, publishRelease } from '../releases/publish-release.ts'
import type { ReleaseFolder } from '../releases/release-folder.ts'
import { eventsBefore, timeAt } from './events-before.ts'
import { isOutgrown } from './outgrown.ts'
import { REHEARSAL } from './rehearsal.ts'
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
  /** Whether training begins from the release in service, unless the log has outgrown it. */
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
  const { trainers, inService, runFolder, seed, onMessage = () => {} } = options
  const begunWith = inService?.manifest.begunWith ?? 0
  const isWarm = options.warm && inService !== undefined && !isOutgrown(whole.item.length, begunWith)
  if (options.warm && inService && !isWarm)
    onMessage('The log has outgrown the models in service: training begins from nothing.')
  const { set, cases } = holdOut(whole, Math.min(HELD_OUT, Math.floor(HELD_OUT_SHARE * whole.userIds.length)))
  const settings = JSON.stringify({ seed, from: isWarm ? inService.version : undefined })
  const run = await TrainingRun.open(runFolder, set, settings)
  const finish = async (name: string, trainIt: () => Promise<FinishedModel>) => {
    const before = await run.finished(name)
    if (before) onMessage(`${name}: finished by a run that was interrupted`)
    const model = before ?? (await trainIt())
    if (!before) await run.keep(name, model)
    return model
  }
  const before = isWarm ? inService : await rehearse(set, options, finish)
  const budgetSeconds = before && before !== inService ? (1 - REHEARSAL.budget) * options.budgetSeconds : undefined
  const models = new Map<ModelName, FinishedModel>()
  for (const trainer of trainers) {
    const isRanker = RANKERS.has(trainer.name)
    models.set(
      trainer.name,
      await finish(trainer.name, () =>
        trainOne(trainer, set, before, isRanker || !budgetSeconds ? options : { ...options, budgetSeconds }),
      ),
    )
  }
  const published = await publishRelease(
    { set, begunWith: isWarm ? begunWith : whole.item.length, models, cases },
    options,
  )
  await run.clear()
  return published
}

/** A cold run's models as of a time before the end of the log (REHEARSAL); undefined where no ranker learns from them. */
async function rehearse(
  set: TrainingSet,
  options: TrainReleaseOptions,
  finish: (name: string, trainIt: () => Promise<FinishedModel>) => Promise<FinishedModel>,
): Promise<ReleasedModels | undefined> {
  const older = eventsBefore(set, timeAt(set, REHEARSAL.events))
  if (older.item.length === 0 || !options.trainers.some(({ name }) => RANKERS.has(name))) return undefined
  const budgetSeconds = REHEARSAL.budget * options.budgetSeconds
  const models = new Map<ModelName, Tensors>()
  for (const trainer of options.trainers) {
    if (RANKERS.has(trainer.name)) continue
    const model = await finish(`rehearsal-${trainer.name}`, () =>
      trainOne(trainer, older, undefined, { ...options, budgetSeconds }),
    )
    models.set(trainer.name, model.tensors)
  }
  return { version: 'rehearsal', itemIds: set.itemIds, models, watermark: older.asOf }
}

/** @param before models to go on from, and to learn to rank with */
async function trainOne(
  trainer: ModelTrainer,
  set: TrainingSet,
  before: ReleasedModels | undefined,
  options: TrainReleaseOptions,
): Promise<FinishedModel> {
  const { seed, budgetSeconds, signal, onProgress, onMessage = () => {} } = options
  const tensors = before?.models.get(trainer.name)
  const startedAt = performance.now()
  const trained = await trainer.train(set, {
    seed,
    budgetSeconds,
    ...(tensors && before && { previous: { tensors, itemIds: before.itemIds }, since: before.watermark }),
    ...(RANKERS.has(trainer.name) && before && { retrieval: before }),
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
  })
  const trainingSeconds = (performance.now() - startedAt) / 1000
  const metrics = Object.entries(trained.metrics).map(([name, value]) => `${name} ${Number(value.toPrecision(4))}`)
  onMessage(`${trainer.name}: trained in ${trainingSeconds.toFixed(1)} s  ${metrics.join('  ')}`)
  return { ...trained, trainingSeconds }
}
