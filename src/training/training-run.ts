import { createHash } from 'node:crypto'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TrainedModel } from '../models/model-trainer.ts'
import { decodeTensors, encodeTensors } from '../models/tensors.ts'
import type { TrainingSet } from '../models/training-set.ts'

/** A model as it came out of training. */
export interface FinishedModel extends TrainedModel {
  readonly trainingSeconds: number
}

interface RunFile {
  /** Of what is trained, and on what. */
  readonly key: string
  readonly asOf: number
  readonly finished: Readonly<Record<string, Omit<FinishedModel, 'tensors'>>>
}

const RUN_FILE = 'run.json'

/**
 * What a training run has come to, in a folder: a run that is killed goes on behind the last model that was finished,
 * as long as it reads the same events again (`unfinishedAsOf`).
 */
export class TrainingRun {
  readonly #folder: string
  #file: RunFile

  private constructor(folder: string, file: RunFile) {
    this.#folder = folder
    this.#file = file
  }

  /** @param settings whatever else the models depend on, such as the release they start from */
  static async open(folder: string, set: TrainingSet, settings: string): Promise<TrainingRun> {
    await mkdir(folder, { recursive: true })
    const key = keyOf(set, settings)
    const before = await readRun(folder)
    if (before?.key === key) return new TrainingRun(folder, before)
    const run = new TrainingRun(folder, { key, asOf: set.asOf, finished: {} })
    await run.#write()
    return run
  }

  /** The watermark of a run that was not brought to its end, if there is one. */
  static async unfinishedAsOf(folder: string): Promise<number | undefined> {
    return (await readRun(folder))?.asOf
  }

  /** @param name of the model, or of what it is trained for beside the release */
  async finished(name: string): Promise<FinishedModel | undefined> {
    const known = this.#file.finished[name]
    if (!known) return undefined
    const { tensors } = decodeTensors(await readFile(this.#path(name)))
    return { ...known, tensors }
  }

  /** Resolves when a kill loses it no more. */
  async keep(name: string, { tensors, metrics, trainingSeconds }: FinishedModel): Promise<void> {
    await writeFile(`${this.#path(name)}.tmp`, encodeTensors(tensors))
    await rename(`${this.#path(name)}.tmp`, this.#path(name))
    this.#file = { ...this.#file, finished: { ...this.#file.finished, [name]: { metrics, trainingSeconds } } }
    await this.#write()
  }

  /** The run has come to its end, whatever became of it. */
  async clear(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true })
  }

  async #write(): Promise<void> {
    const path = join(this.#folder, RUN_FILE)
    await writeFile(`${path}.tmp`, JSON.stringify(this.#file))
    await rename(`${path}.tmp`, path)
  }

  #path(name: string): string {
    return join(this.#folder, `${name}.safetensors`)
  }
}

async function readRun(folder: string): Promise<RunFile | undefined> {
  try {
    return JSON.parse(await readFile(join(folder, RUN_FILE), 'utf8'))
  } catch {
    return undefined
  }
}

function keyOf(set: TrainingSet, settings: string): string {
  const { asOf, item, starts, itemIds, userIds } = set
  const hash = createHash('sha256').update(JSON.stringify([settings, asOf, itemIds, userIds]))
  for (const { buffer, byteOffset, byteLength } of [item, starts]) {
    hash.update(new Uint8Array(buffer, byteOffset, byteLength))
  }
  return hash.digest('hex')
}
