import type { Broker } from '../../broker/broker.ts'
import type { Config } from '../../config/config.ts'
import { modelKernels } from '../../kernels/model-kernels.ts'
import type { TrainProgress } from '../../models/model-trainer.ts'
import type { TrainingSet } from '../../models/training-set.ts'
import { announced } from '../../releases/announcements.ts'
import type { LoadedRelease } from '../../releases/load-release.ts'
import { ItemIndex } from '../../retrieval/online/item-index.ts'
import { ServedRelease } from '../../retrieval/served-release.ts'
import { dinTrainer } from '../../training/din-trainer.ts'
import { itemCfTrainer } from '../../training/item-cf-trainer.ts'
import { rankerTrainer } from '../../training/ranker-trainer.ts'
import { sequenceTrainer } from '../../training/sequence-trainer.ts'
import { trainRelease } from '../../training/train-release.ts'
import { twoTowerTrainer } from '../../training/two-tower-trainer.ts'
import { openReleases } from '../adapters.ts'
import { runFolder } from './read-set.ts'

/** With fewer events there is nothing to be learned. */
export const LEAST_EVENTS = 1_000
const SEED = 1

export interface TrainRoleOptions {
  readonly config: Config
  readonly broker: Broker
  readonly signal: AbortSignal
  /** From nothing, and not from the release in service. */
  readonly cold?: boolean
  readonly onProgress: (text: string) => void
  readonly onMessage: (text: string) => void
}

/** Trains a release and publishes it. Answers the version that is in service then, undefined where none is. */
export async function train(set: TrainingSet, options: TrainRoleOptions): Promise<string | undefined> {
  const { config, broker, signal, cold = false, onProgress, onMessage } = options
  const folder = openReleases(config)
  const current = await announced(broker)
  if (set.item.length < LEAST_EVENTS) {
    onMessage(`${set.item.length} events are too few to train on; ${LEAST_EVENTS} are needed.`)
    return current?.version
  }
  const inService = current && (await usableOrNot(() => folder.load(current.version), onMessage))
  if (inService && inService.watermark >= set.asOf && !cold) {
    onMessage(`Nothing has happened since release ${inService.version} was trained.`)
    return inService.version
  }
  if (set.positionBias > 0)
    onMessage(`Rankers count feedback on a slate by (place + 1)^${Number(set.positionBias.toFixed(2))}, to 10 at most.`)
  const startedAt = performance.now()
  const outcome = await trainRelease(set, {
    trainers: [
      itemCfTrainer(),
      twoTowerTrainer(),
      sequenceTrainer(),
      rankerTrainer({ partitions: config.partitions }),
      dinTrainer(config.partitions),
    ],
    folder,
    broker,
    kernels: modelKernels,
    keep: config.releasesKept,
    inService,
    warm: !cold,
    runFolder: runFolder(config),
    seed: SEED,
    budgetSeconds: config.trainBudgetSeconds,
    signal,
    onProgress: (progress) => onProgress(formatTraining(progress)),
    onMessage,
  })
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  if (outcome.published) {
    const { version, gate } = outcome.manifest
    const without =
      gate.leftOut.length > 0 ? `, without ${gate.leftOut.join(', ')}:\n  ${gate.reasons.join('\n  ')}` : '.'
    onMessage(`Release ${version} is published, after ${seconds} s${without}`)
  } else onMessage(`Release ${outcome.version} is refused, after ${seconds} s:\n  ${outcome.gate.reasons.join('\n  ')}`)
  return outcome.published ? outcome.manifest.version : current?.version
}

function formatTraining({
  model,
  step,
  steps,
  loss,
  learningRate,
  etaSeconds,
  validation = {},
}: TrainProgress): string {
  const measured = Object.entries(validation).map(([name, value]) => `  ${name} ${value.toFixed(4)}`)
  const rate = learningRate.toExponential(1)
  return `${model}  step ${step}/${steps}  loss ${loss.toFixed(4)}  rate ${rate}${measured.join('')}  ${Math.ceil(etaSeconds)} s left`
}

/** Undefined, with a message, for a release that cannot be read, or that other code has trained: training then begins anew. */
export async function usableOrNot(
  load: () => Promise<LoadedRelease>,
  onMessage: (text: string) => void,
): Promise<LoadedRelease | undefined> {
  try {
    const loaded = await load()
    // Throws where a model is not as this code would serve it.
    new ServedRelease(loaded, new ItemIndex(), modelKernels)
    return loaded
  } catch (error) {
    onMessage(`The release in service is left aside, and training begins anew: ${(error as Error).message}`)
    return undefined
  }
}
