import { TributaryError } from '../errors.ts'
import type { ModelName } from '../models/model-trainer.ts'

/** What `manifest.json` of a release says: enough to check every byte of it, and to know where it comes from. */
export interface Manifest {
  readonly format: typeof MANIFEST_FORMAT
  /** Sorts by time: `20260102T030405678Z-1a2b3c`. */
  readonly version: string
  /** Wall clock, ms. */
  readonly createdAt: number
  /** The latest event time that was trained on, ms. */
  readonly watermark: number
  /** The release that was in service then: training began from it, and the gate compared with it. */
  readonly parent?: string
  /** Events that the log had when the models were last trained from nothing; releases of long ago do not say. */
  readonly begunWith?: number
  readonly vocabulary: { readonly items: number; readonly sha256: string }
  readonly models: Readonly<Partial<Record<ModelName, ManifestModel>>>
  readonly gate: GateReport
  /** All files of the release but this one, by name. */
  readonly files: Readonly<Record<string, { readonly bytes: number; readonly sha256: string }>>
}

export interface ManifestModel {
  readonly file: string
  readonly trainingSeconds: number
  readonly metrics: Readonly<Record<string, number>>
  /** Absent where the model is searched exactly. */
  readonly index?: ManifestIndex
}

export interface ManifestIndex {
  readonly file: string
  readonly efSearch: number
}

/** What the gate has measured, and why it said no where it did. */
export interface GateReport {
  readonly passed: boolean
  /** Models that failed, and that the release in service does not have either: a release that passes goes without them. */
  readonly leftOut: readonly ModelName[]
  readonly reasons: readonly string[]
  /** By model and measure: `two-tower/Recall@100`. */
  readonly measures: Readonly<Record<string, number>>
}

export const MANIFEST_FILE = 'manifest.json'
export const VOCABULARY_FILE = 'vocabulary.json'
const MANIFEST_FORMAT = 1

/** @throws CORRUPT where the text is not a manifest of this version in a format that is known here */
export function parseManifest(text: string, version: string): Manifest {
  let manifest: Partial<Manifest>
  try {
    manifest = JSON.parse(text)
  } catch (cause) {
    throw corrupt(version, 'its manifest is not JSON', cause)
  }
  if (manifest?.format !== MANIFEST_FORMAT) throw corrupt(version, `its format is ${manifest?.format}, not 1`)
  if (manifest.version !== version) throw corrupt(version, `its manifest is of ${manifest.version}`)
  const { files, models, vocabulary, watermark } = manifest
  const sound = typeof files === 'object' && typeof models === 'object' && typeof watermark === 'number'
  if (!sound || typeof vocabulary?.items !== 'number') throw corrupt(version, 'its manifest lacks something')
  return manifest as Manifest
}

export function corrupt(version: string, what: string, cause?: unknown): TributaryError {
  const message = `release ${version} cannot be used: ${what}. Publish it again, or promote another one.`
  return new TributaryError('CORRUPT', message, { version }, cause)
}
