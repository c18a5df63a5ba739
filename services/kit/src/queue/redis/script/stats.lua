-- Gives: entries, those on lease, those to come later, acknowledged ones, commit of the oldest that was never delivered or ''.
local leased, later = 0, 0
for _, id in ipairs(redis.call('ZRANGEBYSCORE', leases, '(' .. clock(), '+inf')) do
  if redis.call('HEXISTS', holders, id) == 1 then leased = leased + 1 else later = later + 1 end
end
local last = '-'
local groups = redis.pcall('XINFO', 'GROUPS', stream)
if not groups.err and groups[1] then
  for i = 1, #groups[1], 2 do
    if groups[1][i] == 'last-delivered-id' then last = '(' .. groups[1][i + 1] end
  end
end
local commit = ''
local oldest = redis.call('XRANGE', stream, last, '+', 'COUNT', 1)[1]
if oldest then
  for i = 1, #oldest[2], 2 do
    if oldest[2][i] == 'c' then commit = oldest[2][i + 1] end
  end
end
return { redis.call('HLEN', entries), leased, later, redis.call('ZCARD', marks), commit }
