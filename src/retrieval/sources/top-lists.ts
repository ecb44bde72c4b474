import type { Top } from '../online/top-lists.ts'
import type { CandidateSource } from './candidate-source.ts'
import type { Scores } from './scores.ts'

/** Favourite genres that items are proposed from. */
const GENRES = 3

/** What is visited most, over the last weeks. */
export const popular: CandidateSource = {
  name: 'popular',
  weight: 0.05,
  section: 'Popular',
  propose({ lists }, into) {
    addAll(lists.popular, 1, into)
  },
}

/** What is visited most today, in stream time. */
export const trending: CandidateSource = {
  name: 'trending',
  weight: 0.1,
  section: 'Trending now',
  propose({ lists }, into) {
    addAll(lists.trending, 1, into)
  },
}

/** What is popular in the genres the user likes most. */
export const favouriteGenre: CandidateSource = {
  name: 'favourite-genre',
  weight: 0.1,
  section: 'From your favourite genres',
  propose({ user, lists }, into) {
    const liked = (user?.genres ?? []).filter(({ preference }) => preference > 0).slice(0, GENRES)
    const total = liked.reduce((sum, { preference }) => sum + preference, 0)
    for (const { name, preference } of liked) addAll(lists.ofGenre(name), preference / total, into)
  },
}

function addAll(list: readonly Top[], factor: number, into: Scores): void {
  for (let i = 0; i < list.length; i++) into.add(list[i]!.item, list[i]!.share * factor)
}
