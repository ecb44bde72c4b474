import type { UserState } from '../retrieval/online/online-state.ts'
import type { HistoryView } from './inspection.ts'
import type { UserView } from './recommender.ts'

/** A user's state as it is shown. */
export function userView(
  userId: string,
  { profile, features, genres }: UserState,
  history: readonly HistoryView[],
): UserView {
  return {
    userId,
    attributes: profile?.attributes ?? {},
    history,
    features: {
      count: features.count,
      meanValue: features.meanValue,
      valueVariance: features.valueVariance,
      meanYear: features.meanYear,
      lastAt: features.lastAt,
      genres: genres.map(({ name, preference }) => ({ genre: name, weight: preference })),
    },
  }
}
