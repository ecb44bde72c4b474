/** Every key of the online state. A letter for the table, a colon, the id. Groups and partitions are the store's. */
export const KEYS = {
  history: 'h:', // <userId> → History
  beyondHistory: 's:', // <userId> → ItemSet
  features: 'f:', // <userId> → UserFeatures
  profile: 'p:', // <userId> → User, JSON
  neighbours: 'n:', // <item ordinal> → Neighbours
  statistics: 'i:', // <item ordinal / STATISTICS_CHUNK> → ItemStatisticsChunk
  trails: 't:', // <hash of the user id> → Trail
  postings: 'o:', // <item ordinal> → Postings
  items: 'v:', // <chunk> → Vocabulary of item ids
  genres: 'g:', // <chunk> → Vocabulary of genres
  streamTime: 'c', // → f64, the greatest event time seen
  position: 'q', // → offsets that have been folded, JSON: the committed ones, to be read in one with other values
} as const

/** The group whose state serving reads, unless configured otherwise. */
export const LIVE_GROUP = 'live'
