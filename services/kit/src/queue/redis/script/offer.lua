-- ARGV: capacity, length to cut to or 0, unit, what the lane is filled with then or '', then key, dossier, trace and commit of
-- each offer. Gives 1 when there is room for more.
local capacity, added, fitted = tonumber(ARGV[1]), false, true
for i = 5, #ARGV, 4 do
  local key, dossier = ARGV[i], ARGV[i + 1]
  if redis.call('HEXISTS', entries, key) == 0 and not redis.call('ZSCORE', marks, key) then
    if redis.call('HLEN', entries) >= capacity then
      fitted = false
      break
    end
    local id = redis.call('XADD', stream, '*', 'k', key, 'd', dossier, 't', ARGV[i + 2], 'c', ARGV[i + 3])
    redis.call('HSET', entries, key, id)
    if dossier ~= '' then
      local line = redis.call('HGET', dossiers, dossier)
      redis.call('HSET', dossiers, dossier, line and (line .. ' ' .. id) or id)
    end
    added = true
  end
end
if tonumber(ARGV[2]) > 0 then redis.call('XTRIM', stream, 'MAXLEN', ARGV[2]) end
if fitted and ARGV[4] ~= '' then
  redis.call('SET', fill, ARGV[4])
elseif not fitted and (ARGV[4] ~= '' or redis.call('EXISTS', fill) == 1) then
  redis.call('SET', fill, 'more')
end
if added then ring(ARGV[3]) end
return fitted and redis.call('HLEN', entries) < capacity and 1 or 0
