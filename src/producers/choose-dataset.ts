import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { TributaryError } from '../errors.ts'
import type { Dataset } from './datasets/dataset.ts'
import type { OnProblem } from './datasets/lines.ts'
import { layoutOf, openDataset, whatWasLookedFor } from './datasets/open-dataset.ts'
import { parseSyntheticName, type SyntheticOptions } from './datasets/synthetic.ts'
import { DOWNLOADS, type DownloadOptions, download } from './download.ts'

export interface ChooseOptions extends Omit<DownloadOptions, 'into'> {
  /** The data set's folder, or one that holds it. */
  readonly movielensDir?: string
  /** Downloads go to its sub-folder `datasets`. */
  readonly home: string
  /** The data set that the log holds already (see `lastReplayed`): it is gone on with, where it can still be had. */
  readonly previous?: string
  readonly synthetic?: SyntheticOptions
  readonly onProblem?: OnProblem
}

export interface Choice {
  readonly dataset: Dataset
  /** One sentence for people: what was taken, and why. */
  readonly reason: string
}

/** Of several in one folder. */
const PREFERENCE = ['ml-1m', 'ml-100k', 'ml-latest-small', 'ml-25m', 'ml-32m', 'ml-latest']

/** On first use, nobody should wait for a network that is not there. */
const FIRST_USE_TIMEOUTS = { responseTimeoutMs: 4000, idleTimeoutMs: 10_000, attempts: 2 }

export function datasetsFolder(home: string): string {
  return join(home, 'datasets')
}

/**
 * The data to begin with where none is asked for: what MOVIELENS_DIR has, else what was taken before, else what has been
 * downloaded, else ML-1M from the network, else a synthetic stream.
 * @throws TributaryError BAD_INPUT where `movielensDir` has no data set
 */
export async function chooseDataset(options: ChooseOptions): Promise<Choice> {
  const { movielensDir, home, previous } = options
  if (movielensDir !== undefined) return chooseFromDir(movielensDir, options)
  const generated = previous === undefined ? undefined : parseSyntheticName(previous)
  if (previous !== undefined && generated) {
    const dataset = await openDataset(previous)
    return { dataset, reason: `Going on with ${dataset.about}, with which ${home} began.` }
  }
  const folder = findDataset(datasetsFolder(home), previous)
  if (folder) return open(folder, options, 'downloaded before')
  try {
    return await open(
      await download('ml-1m', { ...FIRST_USE_TIMEOUTS, ...options, into: datasetsFolder(home) }),
      options,
      'just downloaded',
    )
  } catch (error) {
    if (!(error instanceof TributaryError)) throw error
    const dataset = await openDataset('synthetic', options)
    const why = ((error.cause as Error | undefined) ?? error).message
    return {
      dataset,
      reason: `MovieLens 1M could not be downloaded (${why}): taking ${dataset.about} instead; set MOVIELENS_DIR to a MovieLens folder for real data.`,
    }
  }
}

async function chooseFromDir(movielensDir: string, options: ChooseOptions): Promise<Choice> {
  const folder = findDataset(movielensDir, options.previous)
  if (folder) return open(folder, options, 'from MOVIELENS_DIR')
  const found = existsSync(movielensDir) ? 'has no data set' : 'does not exist'
  throw new TributaryError(
    'BAD_INPUT',
    `MOVIELENS_DIR: ${movielensDir} ${found}: ${whatWasLookedFor()}, in it or in a sub-folder named ${PREFERENCE.join(', ')}`,
    { movielensDir },
  )
}

/** The folder itself, or the sub-folder that comes first. */
function findDataset(folder: string, previous: string | undefined): string | undefined {
  if (layoutOf(folder)) return folder
  const names = previous !== undefined && previous in DOWNLOADS ? [previous, ...PREFERENCE] : PREFERENCE
  return names.map((name) => join(folder, name)).find((path) => layoutOf(path))
}

async function open(folder: string, { onProblem }: ChooseOptions, origin: string): Promise<Choice> {
  const dataset = await openDataset(folder, onProblem ? { onProblem } : {})
  return { dataset, reason: `Using ${dataset.about}, ${origin}.` }
}
