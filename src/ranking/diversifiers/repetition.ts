import { MOST_GENRES } from '../item-content.ts'
import { type Diversifier, pickGreedily } from './diversifier.ts'

/**
 * Every genre and every director wears off as it is shown: relevance × (1 - dial)^n, n how often the slate has shown its
 * genres (the mean over them) and its director so far.
 */
export const repetition: Diversifier = ({ items, relevance, content }, k, dial) => {
  const genresShown = new Float64Array(MOST_GENRES)
  const directorsShown = new Map<number, number>()
  return pickGreedily(
    items.length,
    k,
    (place) => {
      const item = items[place]!
      const shown = meanShown(content.genres[item] ?? 0, genresShown)
      return relevance[place]! * (1 - dial) ** (shown + (directorsShown.get(content.director[item] ?? 0) ?? 0))
    },
    (picked) => {
      const item = items[picked]!
      const genres = content.genres[item] ?? 0
      for (let bit = 0; bit < MOST_GENRES; bit++) if (genres & (1 << bit)) genresShown[bit]!++
      const director = content.director[item] ?? 0
      if (director > 0) directorsShown.set(director, (directorsShown.get(director) ?? 0) + 1)
    },
  )
}

function meanShown(genres: number, shown: Float64Array): number {
  let sum = 0
  let count = 0
  for (let bit = 0; bit < MOST_GENRES; bit++) {
    if (!(genres & (1 << bit))) continue
    sum += shown[bit]!
    count++
  }
  return count === 0 ? 0 : sum / count
}
