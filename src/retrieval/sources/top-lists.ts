import type { CandidateSource } from './candidate-source.ts'

/** Favourite genres that items are proposed from. */
const GENRES = 3

/** What is visited most, over the last weeks. */
export const popular: CandidateSource = {
  name: 'popular',
  weight: 0.05,
  section: 'Popular',
  propose({ lists }, into) {
    for (const { item, share } of lists.popular) into.add(item, share)
  },
}

/** What is visited most today, in stream time. */
export const trending: CandidateSource = {
  name: 'trending',
  weight: 0.1,
  section: 'Trending now',
  propose({ lists }, into) {
    for (const { item, share } of lists.trending) into.add(item, share)
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
    for (const { name, preference } of liked) {
      for (const { item, share } of lists.ofGenre(name)) into.add(item, (share * preference) / total)
    }
  },
}
