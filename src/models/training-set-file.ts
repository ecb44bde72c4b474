import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { deserialize, serialize } from 'node:v8'
import { TributaryError } from '../errors.ts'
import type { TrainingSet } from './training-set.ts'

/** Hands a training set from the process that has the event log to the one that trains; whole or not at all. */
export function writeTrainingSet(path: string, set: TrainingSet): void {
  writeFileSync(`${path}.tmp`, serialize(set))
  renameSync(`${path}.tmp`, path)
}

/** @throws CORRUPT for what is not such a file */
export function readTrainingSetFile(path: string): TrainingSet {
  try {
    const set: TrainingSet = deserialize(readFileSync(path))
    if (set.starts.length === set.userIds.length + 1) return set
  } catch (cause) {
    throw new TributaryError('CORRUPT', `${path} is not a training set`, { path }, cause)
  }
  throw new TributaryError('CORRUPT', `${path} is not a training set`, { path })
}
