-- What the slate was made of, as JSON (schemas/features.json), of a share of the slates; empty for the others. `items` and
-- `context` in it are base64 of 32-bit numbers: reinterpret(base64Decode(JSONExtractString(features, 'items')), 'Array(Float32)').
ALTER TABLE impressions ADD COLUMN IF NOT EXISTS features String CODEC(ZSTD(3));
