export const MODEL_NAMES = ['sequence', 'two-tower', 'item-cf', 'ranker', 'din'] as const

export type ModelName = (typeof MODEL_NAMES)[number]

/** Models that put candidates in order, and learn what the others are worth for it. */
export const RANKERS: ReadonlySet<ModelName> = new Set<ModelName>(['ranker', 'din'])
