// Releases for a server to be measured with: of the models that retrieve, trained for a moment.
import { openEventLog, openReleases } from '../src/bin/adapters.ts'
import { readSet } from '../src/bin/roles/read-set.ts'
import type { Broker } from '../src/broker/broker.ts'
import type { Config } from '../src/config/config.ts'
import type { ModelName } from '../src/models/model-trainer.ts'
import type { TrainingSet } from '../src/models/training-set.ts'
import { buildIndexes } from '../src/releases/build-indexes.ts'
import { itemCfTrainer } from '../src/training/item-cf-trainer.ts'
import { sequenceTrainer } from '../src/training/sequence-trainer.ts'
import type { FinishedModel } from '../src/training/training-run.ts'
import { twoTowerTrainer } from '../src/training/two-tower-trainer.ts'

/** Of each model: enough for two that differ. */
const TRAINING_SECONDS = 5

/** All that was folded. */
export async function readAll(config: Config, broker: Broker): Promise<TrainingSet> {
  const log = await openEventLog(config)
  const set = await readSet({ log, broker }, config, new AbortController().signal)
  await log.close()
  return set
}

/** Writes a release that is asked for by its version, and differs from others by its seed. */
export async function writeRelease(config: Config, set: TrainingSet, version: string, seed: number): Promise<void> {
  const models = new Map<ModelName, FinishedModel>()
  for (const trainer of [itemCfTrainer(), twoTowerTrainer(), sequenceTrainer()]) {
    const trained = await trainer.train(set, { seed, budgetSeconds: TRAINING_SECONDS })
    models.set(trainer.name, { ...trained, trainingSeconds: TRAINING_SECONDS })
  }
  const indexes = await buildIndexes(new Map([...models].map(([name, { tensors }]) => [name, tensors])))
  const gate = { passed: true, leftOut: [], reasons: [], measures: {} }
  // As of the beginning of time: whoever trains on from it has everything to learn.
  await openReleases(config).write({ version, createdAt: 0, watermark: 0, itemIds: set.itemIds, models, indexes, gate })
}
