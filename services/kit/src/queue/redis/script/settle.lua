-- ARGV: unit, then keys. Gives 1 when the lane starves.
local keys = { unpack(ARGV, 2) }
remove(keys, redis.call('HMGET', entries, unpack(keys)), ARGV[1])
redis.call('ZREM', marks, unpack(keys))
return starves()
