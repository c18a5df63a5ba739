-- ARGV: most, lease in ms, subscriber, most deliveries, for how many ms exhausted offers are told, where a group begins.
-- Gives: for each delivery key, dossier, trace, commit and attempt; the same of what is exhausted; ms until the first of those
-- that are out may come again or -1; 1 when the lane starves.
local now = clock()
local most, subscriber, limit = tonumber(ARGV[1]), ARGV[3], tonumber(ARGV[4])
local taken, exhausted = {}, {}

local function told(fields, attempt)
  return { fields['k'] or '', fields['d'] or '', fields['t'] or '', fields['c'] or '', attempt }
end

local function deliver(id, fields, attempt)
  redis.call('ZADD', leases, now + tonumber(ARGV[2]), id)
  redis.call('HSET', holders, id, subscriber)
  taken[#taken + 1] = told(fields, attempt)
end

-- Whether an earlier offer of the same dossier is out with anybody else, or is to come again.
local function blocked(id, dossier)
  local line = dossier and redis.call('HGET', dossiers, dossier)
  if not line or line == id then return false end
  for earlier in string.gmatch(line, '%S+') do
    if earlier == id then return false end
    local ends = redis.call('ZSCORE', leases, earlier)
    local out = ends and tonumber(ends) > now
    if not out or redis.call('HGET', holders, earlier) ~= subscriber then return true end
  end
  return false
end

local function older(a, b)
  local am, as = string.match(a, '(%d+)-(%d+)')
  local bm, bs = string.match(b, '(%d+)-(%d+)')
  if am ~= bm then return tonumber(am) < tonumber(bm) end
  return tonumber(as) < tonumber(bs)
end

local function again(id)
  local known = pending(id)
  local fields = known and entry(id)
  if not fields then
    -- Not yet delivered, or gone.
    redis.call('ZREM', leases, id)
  elseif blocked(id, fields['d']) then
    redis.call('ZREM', leases, id)
    redis.call('HDEL', holders, id)
  elseif known[4] >= limit then
    redis.call('ZADD', leases, now + tonumber(ARGV[5]), id)
    redis.call('HDEL', holders, id)
    exhausted[#exhausted + 1] = told(fields, known[4])
  else
    attempts(id, known[4] + 1)
    deliver(id, fields, known[4] + 1)
  end
end

repeat
  local lapsed = redis.call('ZRANGEBYSCORE', leases, '-inf', now, 'LIMIT', 0, 100)
  table.sort(lapsed, older)
  for _, id in ipairs(lapsed) do
    if #taken >= most then break end
    again(id)
  end
until #lapsed == 0 or #taken >= most

local function fresh(count)
  local read = { 'XREADGROUP', 'GROUP', GROUP, 'puller', 'COUNT', count, 'STREAMS', stream, '>' }
  local found = redis.pcall(unpack(read))
  if found and found.err then
    redis.call('XGROUP', 'CREATE', stream, GROUP, ARGV[6], 'MKSTREAM')
    found = redis.call(unpack(read))
  end
  return found and found[1][2] or {}
end

while #taken < most do
  local found = fresh(most - #taken)
  if #found == 0 then break end
  for _, new in ipairs(found) do
    local fields = {}
    for i = 1, #new[2], 2 do fields[new[2][i]] = new[2][i + 1] end
    if blocked(new[1], fields['d']) then
      attempts(new[1], 0)
    else
      deliver(new[1], fields, 1)
    end
  end
end

local first = redis.call('ZRANGE', leases, 0, 0, 'WITHSCORES')
local wait = first[2] and math.max(tonumber(first[2]) - now, 0) or -1
return { taken, exhausted, wait, starves() }
