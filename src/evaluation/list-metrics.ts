/** Distinct items over all lists, as a share of the catalogue. */
export function coverage(shown: Uint32Array, catalogueSize: number): number {
  return shown.reduce((count, times) => count + (times > 0 ? 1 : 0), 0) / catalogueSize
}

/** Mean distance of the list's pairs: 1 - Jaccard similarity of their genres; 0 for two items without any. */
export function intraListDiversity(list: readonly number[], genres: readonly ReadonlySet<string>[]): number {
  if (list.length < 2) return 0
  let sum = 0
  for (let i = 0; i < list.length; i++) {
    for (let j = 0; j < i; j++) sum += genreDistance(genres[list[i]!]!, genres[list[j]!]!)
  }
  return sum / ((list.length * (list.length - 1)) / 2)
}

function genreDistance(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  let common = 0
  for (const genre of a) if (b.has(genre)) common++
  const union = a.size + b.size - common
  return union === 0 ? 0 : 1 - common / union
}

/**
 * Mean self-information of the list's items in bits, -log2 of the share of users who have met them; an item that
 * nobody has met counts as if one had. Zhou et al., PNAS 2010.
 */
export function novelty(list: readonly number[], visits: ArrayLike<number>, users: number): number {
  let sum = 0
  for (const item of list) sum -= Math.log2(Math.max(1, visits[item]!) / users)
  return list.length === 0 ? 0 : sum / list.length
}

/** Popularity bias: mean share of users who have met the list's items. */
export function meanPopularity(list: readonly number[], visits: ArrayLike<number>, users: number): number {
  let sum = 0
  for (const item of list) sum += visits[item]! / users
  return list.length === 0 ? 0 : sum / list.length
}
