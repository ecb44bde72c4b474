// Releases for a server to be measured with: of models that were trained for a moment.
import { openEventLog, openReleases } from '../src/bin/adapters.ts'
import { readSet } from '../src/bin/roles/read-set.ts'
import type { Broker } from '../src/broker/broker.ts'
import type { Config } from '../src/config/config.ts'
import type { ModelName } from '../src/models/model-trainer.ts'
import type { TrainingSet } from '../src/models/training-set.ts'
import { buildIndexes } from '../src/releases/build-indexes.ts'
import { dinTrainer } from '../src/training/din-trainer.ts'
import { itemCfTrainer } from '../src/training/item-cf-trainer.ts'
import { rankerTrainer } from '../src/training/ranker-trainer.ts'
import { sequenceTrainer } from '../src/training/sequence-trainer.ts'
import type { FinishedModel } from '../src/training/training-run.ts'
import { twoTowerTrainer } from '../src/training/two-tower-trainer.ts'

/** Of each model: enough for two that differ. */
const TRAINING_SECONDS = 5
const RETRIEVAL = [itemCfTrainer(), twoTowerTrainer(), sequenceTrainer()]
/** Of the models that rank, which fold the log first. */
const RANKER_SECONDS = 30

/** All that was folded. */
export async function readAll(config: Config, broker: Broker): Promise<TrainingSet> {
  const log = await openEventLog(config)
  const set = await readSet({ log, broker }, config, new AbortController().signal)
  await log.close()
  return set
}

/**
 * Writes a release that is asked for by its version, and differs from others by its seed.
 * @param ranks whether it has the models that rank, too
 */
export async function writeRelease(
  config: Config,
  set: TrainingSet,
  version: string,
  seed: number,
  ranks = false,
): Promise<void> {
  const models = new Map<ModelName, FinishedModel>()
  const rankers = ranks ? [rankerTrainer(config), dinTrainer(config.partitions)] : []
  for (const trainer of [...RETRIEVAL, ...rankers]) {
    const trainingSeconds = rankers.includes(trainer) ? RANKER_SECONDS : TRAINING_SECONDS
    models.set(trainer.name, {
      ...(await trainer.train(set, { seed, budgetSeconds: trainingSeconds })),
      trainingSeconds,
    })
  }
  const indexes = await buildIndexes(new Map([...models].map(([name, { tensors }]) => [name, tensors])))
  const gate = { passed: true, leftOut: [], reasons: [], measures: {} }
  // As of the beginning of time: whoever trains on from it has everything to learn.
  await openReleases(config).write({ version, createdAt: 0, watermark: 0, itemIds: set.itemIds, models, indexes, gate })
}
