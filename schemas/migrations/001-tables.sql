-- The event log. A row's identity is its position in the broker: (topic, partition, offset).
--
-- One insert must become one part, so that it is there whole or not at all, also across kill -9: hence no PARTITION BY
-- on these tables, ever (the writer keeps to one block an insert by its settings).
-- ReplacingMergeTree because a writer that was thought dead may still finish an insert that its successor repeats:
-- equal positions mean equal rows, merges drop the copy, FINAL hides it until then. So the log is a set of positions.
-- The projection `progress` lives inside each part and thus agrees with it: the offset to resume from costs a few rows
-- a part, however long the log. A maximum is not disturbed by copies, so merges may combine it as it stands (`ignore`).
-- Vertical merges and one fsync a part: less memory while merging, and order on disk that survives a power failure.

CREATE TABLE IF NOT EXISTS interactions (
  topic Enum8('ratings' = 1, 'feedback' = 2, 'impressions' = 3),
  partition UInt16,
  offset UInt64 CODEC(Delta, ZSTD),
  eventId String CODEC(ZSTD),
  userId String,
  itemId String CODEC(ZSTD),
  kind Enum8('rating' = 1, 'like' = 2, 'dislike' = 3, 'watched' = 4, 'click' = 5, 'skip' = 6, 'purchase' = 7),
  value Nullable(Float64) CODEC(ZSTD),
  -- event time, milliseconds
  at Int64 CODEC(Delta, ZSTD),
  -- the slate it answers; empty where it answers none
  requestId String CODEC(ZSTD),
  insertedAt DateTime('UTC') DEFAULT now() CODEC(ZSTD),
  time DateTime64(3, 'UTC') ALIAS fromUnixTimestamp64Milli(at, 'UTC'),
  -- reads of the newest slice skip the old parts
  INDEX by_at at TYPE minmax GRANULARITY 1,
  PROJECTION progress (SELECT topic, partition, max(offset) GROUP BY topic, partition)
)
ENGINE = ReplacingMergeTree
PRIMARY KEY (userId, at)
ORDER BY (userId, at, topic, partition, offset)
SETTINGS
  deduplicate_merge_projection_mode = 'ignore',
  lightweight_mutation_projection_mode = 'rebuild',
  vertical_merge_algorithm_min_columns_to_activate = 1,
  vertical_merge_algorithm_min_rows_to_activate = 1,
  fsync_after_insert = 1,
  fsync_part_directory = 1,
  min_rows_to_fsync_after_merge = 1,
  old_parts_lifetime = 60;

CREATE TABLE IF NOT EXISTS impressions (
  topic Enum8('ratings' = 1, 'feedback' = 2, 'impressions' = 3),
  partition UInt16,
  offset UInt64 CODEC(Delta, ZSTD),
  requestId String CODEC(ZSTD),
  userId String,
  at Int64 CODEC(Delta, ZSTD),
  release LowCardinality(String),
  -- three arrays of one length, in the order shown
  itemIds Array(String) CODEC(ZSTD),
  scores Array(Float32) CODEC(ZSTD),
  sources Array(Array(LowCardinality(String))),
  insertedAt DateTime('UTC') DEFAULT now() CODEC(ZSTD),
  time DateTime64(3, 'UTC') ALIAS fromUnixTimestamp64Milli(at, 'UTC'),
  INDEX by_at at TYPE minmax GRANULARITY 1,
  PROJECTION progress (SELECT topic, partition, max(offset) GROUP BY topic, partition)
)
ENGINE = ReplacingMergeTree
PRIMARY KEY (userId, at)
ORDER BY (userId, at, topic, partition, offset)
SETTINGS
  deduplicate_merge_projection_mode = 'ignore',
  lightweight_mutation_projection_mode = 'rebuild',
  vertical_merge_algorithm_min_columns_to_activate = 1,
  vertical_merge_algorithm_min_rows_to_activate = 1,
  fsync_after_insert = 1,
  fsync_part_directory = 1,
  min_rows_to_fsync_after_merge = 1,
  old_parts_lifetime = 60;

-- Positions of rows that were deleted: without them the offset to resume from would fall back and the broker would
-- bring the deleted rows again.
CREATE TABLE IF NOT EXISTS forgotten (
  topic Enum8('ratings' = 1, 'feedback' = 2, 'impressions' = 3),
  partition UInt16,
  offset UInt64 CODEC(Delta, ZSTD)
)
ENGINE = ReplacingMergeTree
ORDER BY (topic, partition, offset)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;
