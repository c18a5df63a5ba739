-- ARGV: most, lease in ms, subscriber, most deliveries, for how many ms exhausted offers are told, where a group begins.
-- Gives: for each delivery key, dossier, trace, commit and attempt; the same of what is exhausted; ms until the first of those
-- that are out may come again or -1; 1 when the lane starves.
local now = clock()
local most, subscriber, limit = tonumber(ARGV[1]), ARGV[3], tonumber(ARGV[4])
local taken, exhausted = {}, {}

local function told(fields, attempt)
  return { fields['k'] or '', fields['d'] or '', fields['t'] or '', fields['c'] or '', attempt }
end

-- What is delivered here, and what of that is not yet written down.
local mine, ends_of, holder_of = {}, {}, {}

local function deliver(id, fields, attempt)
  mine[id] = true
  ends_of[#ends_of + 1] = now + tonumber(ARGV[2])
  ends_of[#ends_of + 1] = id
  holder_of[#holder_of + 1] = id
  holder_of[#holder_of + 1] = subscriber
  taken[#taken + 1] = told(fields, attempt)
end

local function write_down()
  if #ends_of == 0 then return end
  redis.call('ZADD', leases, unpack(ends_of))
  redis.call('HSET', holders, unpack(holder_of))
  ends_of, holder_of = {}, {}
end

-- Whether an earlier offer in the line of a dossier is out with anybody else, or is to come again.
local function blocked(id, line)
  if not line or line == id then return false end
  for earlier in string.gmatch(line, '%S+') do
    if earlier == id then return false end
    if not mine[earlier] then
      local ends = redis.call('ZSCORE', leases, earlier)
      local out = ends and tonumber(ends) > now
      if not out or redis.call('HGET', holders, earlier) ~= subscriber then return true end
    end
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
  elseif blocked(id, redis.call('HGET', dossiers, fields['d'] or '')) then
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
  write_down()
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

local wanted = most - #taken
while wanted > 0 do
  local found = fresh(wanted)
  local entered, names = {}, {}
  for i, new in ipairs(found) do
    local fields = {}
    for j = 1, #new[2], 2 do fields[new[2][j]] = new[2][j + 1] end
    entered[i], names[i] = fields, fields['d'] or ''
  end
  local lines = #names > 0 and redis.call('HMGET', dossiers, unpack(names)) or {}
  for i, new in ipairs(found) do
    if blocked(new[1], lines[i]) then
      attempts(new[1], 0)
    else
      deliver(new[1], entered[i], 1)
    end
  end
  write_down()
  -- Fewer than were asked for: there are no more.
  wanted = #found < wanted and 0 or most - #taken
end

local first = redis.call('ZRANGE', leases, 0, 0, 'WITHSCORES')
local wait = first[2] and math.max(tonumber(first[2]) - now, 0) or -1
return { taken, exhausted, wait, starves() }
