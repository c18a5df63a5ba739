-- ARGV: unit, then keys. Gives 1 when the lane starves.
for i = 2, #ARGV do
  local id = redis.call('HGET', entries, ARGV[i])
  if id then remove(ARGV[i], id, ARGV[1]) end
  redis.call('ZREM', marks, ARGV[i])
end
return starves()
