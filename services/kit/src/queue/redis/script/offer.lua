-- ARGV: capacity, length to cut to or 0, unit, what the lane is filled with then or '', then key, dossier, trace and commit of
-- each offer. Gives 1 when there is room for more.
local capacity, fitted = tonumber(ARGV[1]), true
local keys, names = {}, {}
for i = 5, #ARGV, 4 do
  keys[#keys + 1], names[#names + 1] = ARGV[i], ARGV[i + 1]
end

local there, marked, known = {}, {}, {}
if #keys > 0 then
  there = redis.call('HMGET', entries, unpack(keys))
  marked = redis.call('ZMSCORE', marks, unpack(keys))
  known = redis.call('HMGET', dossiers, unpack(names))
end

local held, seen, added, lines = redis.call('HLEN', entries), {}, {}, {}
for i, key in ipairs(keys) do
  if not there[i] and not marked[i] and not seen[key] then
    if held >= capacity then
      fitted = false
      break
    end
    local dossier, at = names[i], 5 + 4 * (i - 1)
    local id = redis.call('XADD', stream, '*', 'k', key, 'd', dossier, 't', ARGV[at + 2], 'c', ARGV[at + 3])
    held, seen[key] = held + 1, true
    added[#added + 1] = key
    added[#added + 1] = id .. ' ' .. dossier
    if dossier ~= '' then
      local before = lines[dossier] or known[i]
      lines[dossier] = before and before .. ' ' .. id or id
    end
  end
end

if #added > 0 then
  redis.call('HSET', entries, unpack(added))
  local changed = {}
  for dossier, line in pairs(lines) do
    changed[#changed + 1] = dossier
    changed[#changed + 1] = line
  end
  if #changed > 0 then redis.call('HSET', dossiers, unpack(changed)) end
end
if tonumber(ARGV[2]) > 0 then redis.call('XTRIM', stream, 'MAXLEN', ARGV[2]) end
if fitted and ARGV[4] ~= '' then
  redis.call('SET', fill, ARGV[4])
elseif not fitted and (ARGV[4] ~= '' or redis.call('EXISTS', fill) == 1) then
  redis.call('SET', fill, 'more')
end
if #added > 0 then ring(ARGV[3]) end
return fitted and held < capacity and 1 or 0
