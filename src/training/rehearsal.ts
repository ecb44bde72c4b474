/**
 * A cold run trains the retrieval models twice: on the older part of the log, for the ranker to learn on the rest what
 * their scores are worth for events that they have not seen; then, going on from there, to its end. The ranker would
 * learn to believe models about events that they remember.
 */
export const REHEARSAL = {
  /** Of the events by time. */
  events: 0.8,
  /** Of a model's budget. */
  budget: 0.75,
} as const
