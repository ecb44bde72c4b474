import { join } from 'node:path'
import type { Pace } from '../in-passing.ts'
import type { ModelName } from '../models/model-trainer.ts'
import type { ReleasedModels } from '../models/released-models.ts'
import { decodeTensors, type Tensors } from '../models/tensors.ts'
import { ExactVectorIndex } from '../vector-index/exact-vector-index.ts'
import { HnswlibVectorIndex, loadHnswlib } from '../vector-index/hnswlib-vector-index.ts'
import type { VectorIndex } from '../vector-index/vector-index.ts'
import { check, readChecked } from './checked-file.ts'
import { corrupt, type Manifest, type ManifestModel, VOCABULARY_FILE } from './manifest.ts'

/** Rows put into an exact index before other work gets its turn. */
const ROWS_AT_A_TIME = 1_000

/** A release in memory, every byte of it checked. */
export interface LoadedRelease extends ReleasedModels {
  readonly manifest: Manifest
  /** Of the models that retrieve by vector; labels are indexes of the vocabulary. */
  readonly indexes: ReadonlyMap<ModelName, VectorIndex>
}

/** @throws CORRUPT where anything in the folder is not as the manifest says */
export async function loadRelease(folder: string, manifest: Manifest, pace: Pace): Promise<LoadedRelease> {
  const { version, watermark, vocabulary } = manifest
  const read = (file: string) => readChecked(join(folder, file), file, manifest, pace)
  const itemIds = parseVocabulary(await read(VOCABULARY_FILE), manifest)
  const models = new Map<ModelName, Tensors>()
  const indexes = new Map<ModelName, VectorIndex>()
  for (const [name, model] of Object.entries(manifest.models) as [ModelName, ManifestModel][]) {
    const { tensors } = decodeTensors(await read(model.file))
    models.set(name, tensors)
    const items = tensors.get('items')
    if (!items) continue
    const [rows, dimensions] = items.shape
    if (rows !== vocabulary.items) throw corrupt(version, `${name} has ${rows} items, its vocabulary ${itemIds.length}`)
    indexes.set(name, await openIndex(folder, model, manifest, { dimensions: dimensions!, vectors: items.data }, pace))
  }
  return { version, watermark, itemIds, models, manifest, indexes }
}

function parseVocabulary(bytes: Uint8Array, { version, vocabulary }: Manifest): string[] {
  const itemIds: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'))
  if (Array.isArray(itemIds) && itemIds.length === vocabulary.items) return itemIds
  throw corrupt(version, `its vocabulary is not a list of ${vocabulary.items} ids`)
}

/** The graph of the release; exact search where it has none, or hnswlib is not installed here. */
async function openIndex(
  folder: string,
  { index }: ManifestModel,
  manifest: Manifest,
  { dimensions, vectors }: { readonly dimensions: number; readonly vectors: Float32Array },
  pace: Pace,
): Promise<VectorIndex> {
  const library = index && (await loadHnswlib())
  if (!library) return exactIndex(vectors, dimensions, pace)
  const path = join(folder, index.file)
  await check(path, index.file, manifest, pace)
  const graph = await HnswlibVectorIndex.load(library, path, { dimensions, efSearch: index.efSearch })
  const { items } = manifest.vocabulary
  if (graph.size !== items) throw corrupt(manifest.version, `${path} has ${graph.size} vectors in place of ${items}`)
  return graph
}

async function exactIndex(vectors: Float32Array, dimensions: number, pace: Pace): Promise<VectorIndex> {
  const rows = vectors.length / dimensions
  const index = new ExactVectorIndex(dimensions, rows)
  for (let first = 0; first < rows; first += ROWS_AT_A_TIME) {
    await pace(() => {
      for (let row = first; row < Math.min(rows, first + ROWS_AT_A_TIME); row++) {
        index.add(row, vectors.subarray(row * dimensions, (row + 1) * dimensions))
      }
    })
  }
  return index
}
