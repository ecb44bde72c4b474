-- Commits one micro-batch of a group's partition: all of its mutations and its offsets, or nothing.
--
-- Every commit names the fence it expects to find and the one it leaves behind. So it is refused when another owner has
-- come, and also when the server has lost commits made since (a crash before they were on disk, a failover): what the
-- owner has in memory would then no longer be what is stored. A commit that is sent again after its answer was lost
-- finds its own fence, and is not applied twice.
--
-- KEYS[1]   the partition's record, a hash
-- KEYS[2]   the partition's index, a sorted set: the keys of the indexed tables
-- KEYS[3…]  values: those to put, the indexed ones first, then those to delete
-- ARGV[1]   the fence expected
-- ARGV[2]   the fence to leave
-- ARGV[3]   how many values to put
-- ARGV[4]   how many of them are indexed
-- ARGV[5…]  the values to put, in the order of their keys; then `offset:<topic>` and offset by turns
-- Returns 1 when it is committed, 0 when it is refused.

local record, index = KEYS[1], KEYS[2]
local puts, indexed = tonumber(ARGV[3]), tonumber(ARGV[4])
local FIRST_KEY, FIRST_VALUE = 3, 5
-- Lua's stack holds 8,000 values: longer argument lists are passed in parts.
local PART = 250

local fence = redis.call('HGET', record, 'fence')
if fence == ARGV[2] then return 1 end
if fence ~= ARGV[1] then return 0 end

-- A value's key is the record's, a colon, and the key as the owner knows it.
local function member(i) return string.sub(KEYS[i], #record + 2) end

for first = 0, puts - 1, PART do
  local pairs = {}
  for i = first, math.min(first + PART, puts) - 1 do
    pairs[#pairs + 1] = KEYS[FIRST_KEY + i]
    pairs[#pairs + 1] = ARGV[FIRST_VALUE + i]
  end
  redis.call('MSET', unpack(pairs))
end
for i = FIRST_KEY, FIRST_KEY + indexed - 1 do
  redis.call('ZADD', index, 0, member(i))
end
for i = FIRST_KEY + puts, #KEYS do
  redis.call('DEL', KEYS[i])
  redis.call('ZREM', index, member(i))
end
redis.call('HSET', record, 'fence', ARGV[2], unpack(ARGV, FIRST_VALUE + puts))
return 1
