import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ModelName, type ModelTrainer, RANKERS, type TrainProgress } from '../models/model-trainer.ts'
import type { ReleasedModels } from '../models/released-models.ts'
import { decodeTensors, encodeTensors, type Tensors } from '../models/tensors.ts'
import type { TrainingSet } from '../models/training-set.ts'
import { isOutgrown } from '../training/outgrown.ts'
import { REHEARSAL } from '../training/rehearsal.ts'
import type { Events } from './events.ts'
import type { Plan } from './plan.ts'
import { trainingSetOf } from './training-set-of.ts'

/** Of a learning curve, at most. */
const CURVE_POINTS = 100

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
  /** Of each model, at the first fit and where models begin anew; others are warm starts. */
  readonly budgetSeconds: number
  readonly onProgress?: (fit: string, progress: TrainProgress) => void
  readonly onTrained?: (fit: string, model: ModelName, metrics: Readonly<Record<string, number>>) => void
}

/** Files of one fit, by model. */
export type FittedFiles = Partial<Record<ModelName, string>>

export interface Fits {
  /**
   * Before the first fit: what a ranker learns with, as of the first fit of the plan's own rehearsal, or else of so many
   * events. Undefined where there is too little to learn from.
   */
  readonly rehearsal:
    | { readonly files: FittedFiles /** Events learned by then. */; readonly learned: number }
    | undefined
  /** One entry a fit of the plan. */
  readonly fits: readonly FittedFiles[]
}

/** How the training of a model went. */
export interface LearningCurve {
  /** Fit and model. */
  readonly name: string
  /** The smoothed loss, and the metrics of the latest validation. */
  readonly points: readonly { readonly step: number; readonly loss: number; readonly validation?: Metrics }[]
}

type Metrics = Readonly<Record<string, number>>

/**
 * Trains the models at each fit of the plan, on exactly what it has had learned by then, and once before the first, on
 * what the plan's rehearsal learns or, as a cold run of training does, on the older part (REHEARSAL): so that a ranker can
 * learn what to make of models that have not seen what they are asked about. All but the rehearsal are warm starts from
 * the one before, unless that one is outgrown: a fit then rehearses anew, as training does. What is in the folder already is
 * not trained again.
 */
export async function fitModels(plan: Plan, options: FitOptions): Promise<Fits> {
  const { events } = plan
  const fits: FittedFiles[] = []
  let before: Trained | undefined
  /** What a file's name says of the fits before it: nothing where the rehearsal is their beginning. */
  let lineage: { readonly begunWith?: number } = {}
  const train = async (name: string, learned: Uint8Array, share: number, models = options.models) => {
    const set = trainingSetOf(events, learned)
    const folder = join(options.folder, `${events.name}-${plan.protocol}`, `${name}-of-${set.item.length}-events`)
    const start = before && { files: before.files, since: newSince(events, learned, before) }
    const files = await trainAll(set, start, name, folder, { ...options, models, share, lineage })
    before = { files, learned, asOf: set.asOf }
    return files
  }
  const rehearsed = learnedInRehearsal(plan)
  const retrievers = options.models.filter(({ trainer }) => !RANKERS.has(trainer.name))
  const count = rehearsed.reduce((sum, learned) => sum + learned, 0)
  let rehearsal: Fits['rehearsal']
  if (count > 0)
    rehearsal = { files: await train('rehearsal', rehearsed, REHEARSAL.budget, retrievers), learned: count }
  const learned = new Uint8Array(events.size)
  let size = 0
  let begunWith: number | undefined
  for (const step of plan.steps()) {
    if (step.type === 'learn') {
      learned[step.sequence] = 1
      size++
    } else if (step.type === 'fit') {
      const name = `fit-${fits.length}`
      const isAnew = begunWith === undefined || isOutgrown(size, begunWith)
      if (isAnew && fits.length > 0) {
        before = undefined
        lineage = { begunWith: size }
        await train(`${name}-rehearsal`, olderOf(learned, REHEARSAL.events * size), REHEARSAL.budget, retrievers)
      }
      if (isAnew) begunWith = size
      fits.push(await train(name, learned.slice(), isAnew && before ? 1 - REHEARSAL.budget : 1))
    }
  }
  return { rehearsal, fits }
}

/** The first `count` of what has been learned. */
function olderOf(learned: Uint8Array, count: number): Uint8Array {
  let left = count
  return learned.map((isLearned) => (isLearned === 1 && left-- >= 1 ? 1 : 0))
}

interface Trained {
  readonly files: FittedFiles
  /** By sequence number: 1 for the events it has seen. */
  readonly learned: Uint8Array
  readonly asOf: number
}

/** By sequence number: 1 for events that the models of the rehearsal see. */
function learnedInRehearsal(plan: Plan): Uint8Array {
  const learned = new Uint8Array(plan.events.size)
  const most = plan.rehearsal ? Number.POSITIVE_INFINITY : Math.floor(REHEARSAL.events * learnedByFirstFit(plan))
  let count = 0
  for (const step of (plan.rehearsal ?? plan).steps()) {
    if (step.type === 'fit' || count >= most) break
    if (step.type === 'learn') {
      learned[step.sequence] = 1
      count++
    }
  }
  return learned
}

/** After which time a refresh looks at events: at all of them where new ones lie among those of before. */
function newSince({ at }: Events, learned: Uint8Array, before: Trained): number {
  const isNew = (isLearned: number, sequence: number) => isLearned > before.learned[sequence]!
  const isLater = learned.every((isLearned, sequence) => !isNew(isLearned, sequence) || at[sequence]! >= before.asOf)
  return isLater ? before.asOf : Number.NEGATIVE_INFINITY
}

async function trainAll(
  set: TrainingSet,
  before: { readonly files: FittedFiles; readonly since: number } | undefined,
  name: string,
  folder: string,
  options: FitOptions & { /** Of the budget of what retrieves. */ readonly share: number; readonly lineage: object },
): Promise<FittedFiles> {
  mkdirSync(folder, { recursive: true })
  const files: FittedFiles = {}
  for (const { trainer, recipe } of options.models) {
    const isRanker = RANKERS.has(trainer.name)
    const budgetSeconds = (isRanker ? 1 : options.share) * options.budgetSeconds
    // What a ranker has learned depends on all that retrieves.
    const made = isRanker ? { recipe, among: options.models.map((model) => model.recipe) } : recipe
    const file = join(folder, `${trainer.name}-${fingerprint(made, { ...options, budgetSeconds })}.safetensors`)
    files[trainer.name] = file
    if (existsSync(file)) continue
    const previous = before?.files[trainer.name]
    const points: LearningCurve['points'][number][] = []
    const { tensors, metrics } = await trainer.train(set, {
      seed: options.seed,
      budgetSeconds,
      onProgress: (progress) => {
        const { step, loss, validation } = progress
        points.push({ step, loss, ...(validation && { validation }) })
        options.onProgress?.(name, progress)
      },
      ...(previous && before && { previous: { tensors: read(previous), itemIds: set.itemIds }, since: before.since }),
      ...(isRanker && before && retrievalOf(before, set)),
    })
    const curve = JSON.stringify(thinned(points))
    const bytes = encodeTensors(tensors, { metrics: JSON.stringify(metrics), watermark: String(set.asOf), curve })
    // Whole or not there.
    writeFileSync(`${file}.part`, bytes)
    renameSync(`${file}.part`, file)
    options.onTrained?.(name, trainer.name, metrics)
  }
  return files
}

/** Enough of them to draw, the last among them. */
function thinned<T>(points: readonly T[]): T[] {
  const every = Math.ceil(points.length / CURVE_POINTS)
  return points.filter((_, i) => (points.length - 1 - i) % every === 0)
}

/** How the models of all fits were trained, kept in their files. */
export function learningCurves({ rehearsal, fits }: Fits): LearningCurve[] {
  const named = [
    ...(rehearsal ? [['rehearsal', rehearsal.files] as const] : []),
    ...fits.map((files, fit) => [`fit ${fit}`, files] as const),
  ]
  return named.flatMap(([fit, files]) =>
    Object.entries(files).map(([model, file]) => {
      const { metadata } = decodeTensors(readFileSync(file))
      return { name: `${fit} ${model}`, points: JSON.parse(metadata.curve ?? '[]') }
    }),
  )
}

/** The models that a ranker learns to weigh; nothing where there are none. */
function retrievalOf(
  { files }: { readonly files: FittedFiles },
  { itemIds }: TrainingSet,
): { retrieval?: ReleasedModels } {
  const retrievers = Object.fromEntries(Object.entries(files).filter(([name]) => !RANKERS.has(name as ModelName)))
  return Object.keys(retrievers).length > 0 ? { retrieval: readFitted(retrievers, itemIds) } : {}
}

function learnedByFirstFit(plan: Plan): number {
  let count = 0
  for (const { type } of plan.steps()) {
    if (type === 'fit') return count
    if (type === 'learn') count++
  }
  return 0
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

function fingerprint(recipe: unknown, { seed, budgetSeconds, lineage }: FitOptions & { lineage: object }): string {
  const text = JSON.stringify({ recipe, seed, budgetSeconds, ...lineage })
  return createHash('sha256').update(text).digest('hex').slice(0, 8)
}
