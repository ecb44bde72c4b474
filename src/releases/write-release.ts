import { open, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { ModelName, TrainedModel } from '../models/model-trainer.ts'
import { encodeTensors } from '../models/tensors.ts'
import { HnswlibVectorIndex } from '../vector-index/hnswlib-vector-index.ts'
import type { VectorIndex } from '../vector-index/vector-index.ts'
import { sha256 } from './checked-file.ts'
import { type GateReport, MANIFEST_FILE, type Manifest, type ManifestModel, VOCABULARY_FILE } from './manifest.ts'

/** What a release is made of. */
export interface ReleaseDraft {
  readonly version: string
  readonly createdAt: number
  readonly watermark: number
  readonly parent?: string
  readonly begunWith?: number
  readonly itemIds: readonly string[]
  readonly models: ReadonlyMap<ModelName, TrainedModel & { readonly trainingSeconds: number }>
  /** Of the models that retrieve by vector. */
  readonly indexes: ReadonlyMap<ModelName, VectorIndex>
  readonly gate: GateReport
}

/** Writes all files of a release into `folder`, each of them down to the disk, the manifest last. */
export async function writeRelease(folder: string, draft: ReleaseDraft): Promise<Manifest> {
  const files: Record<string, { bytes: number; sha256: string }> = {}
  const put = async (name: string, bytes: Uint8Array) => {
    await writeSynced(join(folder, name), bytes)
    files[name] = { bytes: bytes.length, sha256: sha256(bytes) }
  }
  const { version, createdAt, watermark, parent, begunWith, itemIds, gate } = draft
  await put(VOCABULARY_FILE, Buffer.from(JSON.stringify(itemIds)))
  const models: Partial<Record<ModelName, ManifestModel>> = {}
  for (const [name, { tensors, metrics, trainingSeconds }] of draft.models) {
    const file = `${name}.safetensors`
    await put(file, encodeTensors(tensors, { release: version, model: name }))
    const index = draft.indexes.get(name)
    models[name] = { file, trainingSeconds, metrics }
    // The exact index is the tensor `items` and needs no file.
    if (!(index instanceof HnswlibVectorIndex)) continue
    const indexFile = `${name}.hnsw`
    await index.save(join(folder, indexFile))
    files[indexFile] = await fingerprint(join(folder, indexFile))
    models[name] = { file, trainingSeconds, metrics, index: { file: indexFile, efSearch: index.efSearch } }
  }
  const manifest: Manifest = {
    format: 1,
    version,
    createdAt,
    watermark,
    ...(parent === undefined ? {} : { parent }),
    ...(begunWith === undefined ? {} : { begunWith }),
    vocabulary: { items: itemIds.length, sha256: files[VOCABULARY_FILE]!.sha256 },
    models,
    gate,
    files,
  }
  await writeSynced(join(folder, MANIFEST_FILE), Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`))
  return manifest
}

async function fingerprint(path: string): Promise<{ bytes: number; sha256: string }> {
  const file = await open(path)
  await file.sync().finally(() => file.close())
  return { bytes: (await stat(path)).size, sha256: sha256(await readFile(path)) }
}

async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'w')
  try {
    await file.writeFile(bytes)
    await file.sync()
  } finally {
    await file.close()
  }
}
