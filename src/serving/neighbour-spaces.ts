import type { Scored } from '../retrieval/retriever.ts'
import type { ServedRelease } from '../retrieval/served-release.ts'
import { coVisitation } from '../retrieval/sources/co-visitation.ts'
import { topOf } from '../retrieval/top-of.ts'

interface Space {
  readonly name: string
  /** Items by index, nearest first. */
  readonly nearest: readonly { readonly item: number; readonly score: number }[]
}

/** @param scored what the sources make of the item alone @param release whose embeddings to look at */
export function neighbourSpaces(item: number, k: number, scored: Scored, release: ServedRelease | undefined): Space[] {
  const visited = scored.proposals.flatMap(({ source, scores }) => {
    if (source.name !== coVisitation.name) return []
    const others = [...scores.items].filter((other) => other !== item)
    const nearest = topOf(others, k, scores).map((other) => ({ item: other, score: scores.get(other) }))
    return [{ name: source.name, nearest }]
  })
  const embedded = (release?.retrievers ?? []).flatMap((name) => {
    const nearest = release!.nearest(name, item, k)
    return nearest
      ? [{ name, nearest: nearest.map(({ item: other, cosine }) => ({ item: other, score: cosine })) }]
      : []
  })
  return [...visited, ...embedded]
}
