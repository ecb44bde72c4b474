-- Takes a group's partition over: whoever owned it before cannot commit any more.
--
-- KEYS[1]  the partition's record, a hash
-- ARGV[1]  the new fence
-- Returns the record, as field and value by turns: `fence`, and `offset:<topic>` for each topic committed so far.

redis.call('HSET', KEYS[1], 'fence', ARGV[1])
return redis.call('HGETALL', KEYS[1])
