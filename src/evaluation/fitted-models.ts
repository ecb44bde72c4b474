import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ModelName, ModelTrainer, TrainProgress } from '../models/model-trainer.ts'
import type { ReleasedModels } from '../models/released-models.ts'
import { decodeTensors, encodeTensors, type Tensors } from '../models/tensors.ts'
import type { Plan } from './plan.ts'
import { trainingSetOf } from './training-set-of.ts'

export interface FittedModel {
  readonly trainer: ModelTrainer
  /** All that makes its outcome differ, beside data, protocol, seed and budget. */
  readonly recipe: unknown
}

export interface FitOptions {
  /** Where models are kept: training takes long, and the same models serve every run and every thread. */
  readonly folder: string
  readonly models: readonly FittedModel[]
  readonly seed: number
  /** Of each model, at the first fit; a later one is a warm start. */
  readonly budgetSeconds: number
  readonly onProgress?: (fit: number, progress: TrainProgress) => void
  readonly onTrained?: (fit: number, model: ModelName, metrics: Readonly<Record<string, number>>) => void
}

/** Files of one fit, by model. */
export type FittedFiles = Partial<Record<ModelName, string>>

/**
 * Trains the models at each fit of the plan, on exactly what it has had learned by then, the second fit and later ones
 * as warm starts from the fit before. What is in the folder already is not trained again.
 *
 * @returns files, one entry a fit
 */
export async function fitModels(plan: Plan, options: FitOptions): Promise<FittedFiles[]> {
  const { events } = plan
  const learned = new Uint8Array(events.size)
  const fits: FittedFiles[] = []
  let before: { readonly asOf: number } | undefined
  for (const step of plan.steps()) {
    if (step.type === 'learn') learned[step.sequence] = 1
    if (step.type !== 'fit') continue
    const fit = fits.length
    const set = trainingSetOf(events, learned)
    const folder = join(options.folder, `${events.name}-${plan.protocol}`, `fit-${fit}-of-${set.item.length}-events`)
    mkdirSync(folder, { recursive: true })
    const files: FittedFiles = {}
    for (const { trainer, recipe } of options.models) {
      const file = join(folder, `${trainer.name}-${fingerprint(recipe, options)}.safetensors`)
      files[trainer.name] = file
      if (existsSync(file)) continue
      const warm = before && { previous: { tensors: read(fits[fit - 1]![trainer.name]!), itemIds: events.itemIds } }
      const { tensors, metrics } = await trainer.train(set, {
        seed: options.seed,
        budgetSeconds: options.budgetSeconds,
        onProgress: (progress) => options.onProgress?.(fit, progress),
        ...(warm && before && { ...warm, since: before.asOf }),
      })
      const bytes = encodeTensors(tensors, { metrics: JSON.stringify(metrics), watermark: String(set.asOf) })
      // Whole or not there.
      writeFileSync(`${file}.part`, bytes)
      renameSync(`${file}.part`, file)
      options.onTrained?.(fit, trainer.name, metrics)
    }
    before = { asOf: set.asOf }
    fits.push(files)
  }
  return fits
}

/** The models of one fit as serving would get them. */
export function readFitted(files: FittedFiles, itemIds: readonly string[]): ReleasedModels {
  const models = new Map<ModelName, Tensors>()
  let watermark = Number.NEGATIVE_INFINITY
  for (const [name, file] of Object.entries(files)) {
    const { tensors, metadata } = decodeTensors(readFileSync(file))
    models.set(name as ModelName, tensors)
    watermark = Math.max(watermark, Number(metadata.watermark))
  }
  return { version: `as of ${watermark}`, itemIds, models, watermark }
}

function read(file: string): Tensors {
  return decodeTensors(readFileSync(file)).tensors
}

function fingerprint(recipe: unknown, { seed, budgetSeconds }: FitOptions): string {
  const text = JSON.stringify({ recipe, seed, budgetSeconds })
  return createHash('sha256').update(text).digest('hex').slice(0, 8)
}
