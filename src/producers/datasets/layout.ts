import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Dataset } from './dataset.ts'
import type { OnProblem } from './lines.ts'

/** A way in which the files of a data set lie in a folder. */
export interface Layout {
  readonly about: string
  /** Without these files, plain or `.gz`, the folder is something else. */
  readonly needs: readonly string[]
  open(source: LayoutSource): Promise<Dataset>
}

interface LayoutSource {
  /** Of the data set. */
  readonly name: string
  readonly folder: string
  readonly onProblem: OnProblem
}

/** The path of a file or of its `.gz`; undefined where there is neither. */
export function fileIn(folder: string, file: string): string | undefined {
  return [join(folder, file), join(folder, `${file}.gz`)].find((path) => existsSync(path))
}
