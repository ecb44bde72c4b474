import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { TributaryError } from '../errors.ts'
import { projectToPlane } from '../evaluation/principal-components.ts'
import type { EmbeddingMap } from '../evaluation/report-page.ts'
import type { Item } from '../events/types.ts'
import { decodeTensors } from '../models/tensors.ts'

/** The item embeddings of a release's folder in the plane, a map for each model that has any. */
export function embeddingMaps(folder: string, catalogue: Iterable<Item>): EmbeddingMap[] {
  const vocabulary = join(folder, 'vocabulary.json')
  if (!existsSync(vocabulary)) {
    throw new TributaryError(
      'BAD_INPUT',
      `--release ${folder}: no vocabulary.json there; give the folder of one release`,
    )
  }
  const itemIds: readonly string[] = JSON.parse(readFileSync(vocabulary, 'utf8'))
  const genres = new Map([...catalogue].map((item) => [item.itemId, item.genres?.[0] ?? 'none']))
  return readdirSync(folder)
    .filter((file) => file.endsWith('.safetensors'))
    .flatMap((file) => {
      const items = decodeTensors(readFileSync(join(folder, file))).tensors.get('items')
      if (items?.shape.length !== 2 || items.shape[0] !== itemIds.length) return []
      const { points, explained } = projectToPlane(items.data, items.shape[1]!)
      const placed = points.map(([x, y], row) => ({ x, y, group: genres.get(itemIds[row]!) ?? 'none' }))
      return [{ name: basename(file, '.safetensors'), explained, points: placed }]
    })
}
