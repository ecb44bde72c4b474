// What the catalogue says about an item as a bag of hashed features: the item tower's way to items that nobody has met.
// Weinberger et al., "Feature Hashing for Large Scale Multitask Learning", ICML 2009.
import type { Item } from '../events/types.ts'

/** Features a word, a name or a year may be hashed to; those of embeddings come behind. */
export const CONTENT_FEATURES = 2048

export interface ContentBag {
  /** Ascending, each once. */
  readonly features: readonly number[]
  readonly weights: readonly number[]
}

const EMPTY: ContentBag = { features: [], weights: [] }
const DECADE = 10
/** Credits name the leads first. */
const LEADS = 5
const STOP_WORDS = new Set(
  'the a an and or of to in on at by for from with as is are be his her their he she they it its that this who'.split(
    ' ',
  ),
)

/** Fields, each with a share of its own, so that a long plot does not drown the genres. */
function fieldsOf(item: Item): readonly (readonly string[])[] {
  const { title, genres = [], year, certificate, directors = [], actors = [], plot } = item
  return [
    genres.map((genre) => `genre ${genre}`),
    year === undefined ? [] : [`year ${year}`, `decade ${Math.floor(year / DECADE)}`],
    [...directors.map((name) => `director ${name}`), ...actors.slice(0, LEADS).map((name) => `actor ${name}`)],
    wordsOf(title).map((word) => `title ${word}`),
    plot ? wordsOf(plot).map((word) => `plot ${word}`) : [],
    certificate ? [`certificate ${certificate}`] : [],
  ]
}

function wordsOf(text: string): string[] {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]{2,}/gu) ?? []
  return words.filter((word) => !STOP_WORDS.has(word))
}

/** Length of the embeddings that items bring along: the one that most of them have, 0 where none does. */
export function embeddingLength(items: readonly (Item | undefined)[]): number {
  const counts = new Map<number, number>()
  for (const item of items) {
    const length = item?.embedding?.length
    if (length !== undefined) counts.set(length, (counts.get(length) ?? 0) + 1)
  }
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0] ?? 0
}

/**
 * Each field a vector of length 1, its features weighted by how rare they are; behind the hashed features, as one more
 * field, the embedding that the item brings along.
 *
 * @param rarity by hashed feature, as `featureRarity` gives it
 * @param embedded length of the embeddings that are read; one of another length is from another model, and left out
 */
export function contentBag(item: Item | undefined, rarity: ArrayLike<number>, embedded = 0): ContentBag {
  if (!item) return EMPTY
  const bag = new Map<number, number>()
  for (const field of fieldsOf(item)) {
    const features = [...new Set(field.map((text) => hashed(text)))]
    const norm = Math.sqrt(features.reduce((sum, feature) => sum + rarity[feature]! ** 2, 0))
    if (norm === 0) continue
    for (const feature of features) bag.set(feature, (bag.get(feature) ?? 0) + rarity[feature]! / norm)
  }
  const features = [...bag.keys()].sort((a, b) => a - b)
  const weights = features.map((feature) => bag.get(feature)!)
  const { embedding = [] } = item
  const norm = Math.hypot(...embedding)
  if (embedding.length === embedded && norm > 0) {
    embedding.forEach((value, i) => {
      features.push(CONTENT_FEATURES + i)
      weights.push(value / norm)
    })
  }
  return { features, weights }
}

/** Inverse document frequency, smoothed: log((items + 1) / (items with it + 1)). */
export function featureRarity(items: readonly (Item | undefined)[]): Float32Array {
  const counts = new Float32Array(CONTENT_FEATURES)
  let described = 0
  for (const item of items) {
    if (!item) continue
    described++
    for (const feature of new Set(
      fieldsOf(item)
        .flat()
        .map((text) => hashed(text)),
    ))
      counts[feature]!++
  }
  return counts.map((count) => Math.log((described + 1) / (count + 1)) + 1e-3)
}

/** FNV-1a. */
export function hashed(text: string, slots = CONTENT_FEATURES): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return ((hash ^ (hash >>> 15)) >>> 0) % slots
}
