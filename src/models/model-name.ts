export const MODEL_NAMES = ['sequence', 'two-tower', 'item-cf', 'ranker'] as const

export type ModelName = (typeof MODEL_NAMES)[number]
