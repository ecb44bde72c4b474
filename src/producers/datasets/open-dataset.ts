import { existsSync, statSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { TributaryError } from '../../errors.ts'
import { type ColumnNames, openCsvFile } from './csv-file.ts'
import { type Dataset, datasetNameOf } from './dataset.ts'
import { fileIn, type Layout } from './layout.ts'
import type { OnProblem } from './lines.ts'
import { movielens1m } from './movielens-1m.ts'
import { movielens100k } from './movielens-100k.ts'
import { movielensCsv } from './movielens-csv.ts'
import { parseSyntheticName, type SyntheticOptions, synthetic } from './synthetic.ts'

const LAYOUTS: readonly Layout[] = [movielens1m, movielens100k, movielensCsv]

export interface OpenOptions {
  /** Where to look for a data set given by name: each may hold it as a sub-folder, or be it. */
  readonly folders?: readonly string[]
  readonly synthetic?: SyntheticOptions
  /** Of a CSV file. */
  readonly columns?: ColumnNames
  /** Told of every line that could not be read. */
  readonly onProblem?: OnProblem
}

/**
 * @param source `synthetic`, a folder in a MovieLens layout, a CSV file, or a name such as `ml-1m`
 * @throws TributaryError BAD_INPUT with what was looked for
 */
export async function openDataset(source: string, options: OpenOptions = {}): Promise<Dataset> {
  const { folders = [], onProblem = () => {}, columns } = options
  if (source === 'synthetic') return synthetic(options.synthetic)
  const generated = parseSyntheticName(source)
  if (generated) return synthetic(generated)
  const named = folders.flatMap((folder) => (basename(resolve(folder)) === source ? [folder] : [join(folder, source)]))
  const path = [source, ...named].find((candidate) => existsSync(candidate))
  if (path === undefined) {
    throw new TributaryError(
      'BAD_INPUT',
      `No data set ${JSON.stringify(source)}: there is no ${[source, ...named].join(', no ')}. ` +
        'Give a folder or a CSV file, `tributary download ml-1m`, set MOVIELENS_DIR, or take `--data synthetic`.',
      { source },
    )
  }
  if (!statSync(path).isDirectory()) return openCsvFile(path, onProblem, columns)
  const layout = layoutOf(path)
  if (!layout) throw new TributaryError('BAD_INPUT', `${path} is not a data set: ${whatWasLookedFor()}`, { path })
  return layout.open({ name: datasetNameOf(basename(resolve(path))), folder: path, onProblem })
}

/** The layout whose files the folder has. */
export function layoutOf(folder: string): Layout | undefined {
  return LAYOUTS.find((layout) => layout.needs.every((file) => fileIn(folder, file)))
}

/** For the error where nothing fits. */
export function whatWasLookedFor(): string {
  const sets = LAYOUTS.map((layout) => `${layout.needs.join(' + ')} (${layout.about})`)
  return `looked for ${sets.join(', or ')}, each plain or .gz`
}
