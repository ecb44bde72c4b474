import type { Broker } from '../broker/broker.ts'
import type { ModelKernels } from '../models/model-kernels.ts'
import type { ModelName, TrainedModel } from '../models/model-trainer.ts'
import type { Tensors } from '../models/tensors.ts'
import type { TrainingSet } from '../models/training-set.ts'
import { announce } from './announcements.ts'
import { buildIndexes } from './build-indexes.ts'
import { gate } from './gate.ts'
import type { HoldoutCase } from './holdout.ts'
import { probesOf } from './index-recall.ts'
import type { LoadedRelease } from './load-release.ts'
import type { GateReport, Manifest } from './manifest.ts'
import { newVersion, type ReleaseFolder } from './release-folder.ts'

export interface Candidate {
  /** What it was trained on. */
  readonly set: TrainingSet
  /** Events that the log had when the models were last trained from nothing. */
  readonly begunWith?: number
  readonly models: ReadonlyMap<ModelName, TrainedModel & { readonly trainingSeconds: number }>
  /** Held out of the set. */
  readonly cases: readonly HoldoutCase[]
}

export interface PublishOptions {
  readonly folder: ReleaseFolder
  readonly broker: Pick<Broker, 'produce'>
  readonly inService: LoadedRelease | undefined
  readonly kernels: ModelKernels
  /** Releases that stay in the folder, the one in service apart. */
  readonly keep: number
}

export type Published =
  | { readonly published: true; readonly manifest: Manifest; readonly removed: readonly string[] }
  | { readonly published: false; readonly version: string; readonly gate: GateReport }

/** Builds the indexes, asks the gate, and then writes, announces and tidies up, or keeps the refusal. */
export async function publishRelease(candidate: Candidate, options: PublishOptions): Promise<Published> {
  const { set, begunWith, models, cases } = candidate
  const { folder, broker, inService, kernels, keep } = options
  const { itemIds, asOf: watermark } = set
  const createdAt = Date.now()
  const version = newVersion(itemIds, createdAt)
  const released = { itemIds, models: new Map([...models].map(([name, { tensors }]) => [name, tensors])) }
  const sound = new Map([...released.models].filter(([, tensors]) => hasFiniteItems(tensors)))
  const indexes = await buildIndexes(sound, (name, tensors) => {
    const model = kernels.queryModel(name, tensors)
    return model ? probesOf(model, cases, 'to set') : []
  })
  const metrics = new Map([...models].map(([name, model]) => [name, model.metrics] as const))
  const report = gate({ candidate: released, metrics, indexes, inService, set, cases, kernels })
  if (!report.passed) {
    await folder.refuse({ version, createdAt, watermark, gate: report })
    return { published: false, version, gate: report }
  }
  const kept = new Map([...models].filter(([name]) => !report.leftOut.includes(name)))
  const keptIndexes = new Map([...indexes].filter(([name]) => kept.has(name)))
  const parent = inService && { parent: inService.version }
  const manifest = await folder.write({
    version,
    createdAt,
    watermark,
    ...parent,
    ...(begunWith !== undefined && { begunWith }),
    itemIds,
    models: kept,
    indexes: keptIndexes,
    gate: report,
  })
  for (const index of indexes.values()) index.close()
  await announce(broker, manifest)
  return { published: true, manifest, removed: await folder.prune(keep, version) }
}

/** The gate says so where it is not: there is nothing to index then. */
function hasFiniteItems(tensors: Tensors): boolean {
  return tensors.get('items')?.data.every(Number.isFinite) ?? true
}
