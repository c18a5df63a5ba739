-- What all scripts over a lane have in common. KEYS are those of one unit, in this order, and share a hash slot.
local stream, entries, leases, holders, dossiers, marks, fill, bell = unpack(KEYS)
local GROUP, RINGS_KEPT, REFILL_BELOW = 'unit', 1000, 100

local function clock()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function entry(id)
  local fields = {}
  local found = redis.call('XRANGE', stream, id, id)[1]
  if not found then return nil end
  for i = 1, #found[2], 2 do fields[found[2][i]] = found[2][i + 1] end
  return fields
end

local function pending(id)
  local found = redis.pcall('XPENDING', stream, GROUP, id, id, 1)
  return not found.err and found[1] or nil
end

local function attempts(id, number)
  redis.call('XCLAIM', stream, GROUP, 'puller', 0, id, 'RETRYCOUNT', number, 'JUSTID')
end

local function ring(unit)
  redis.call('XADD', bell, 'MAXLEN', '~', RINGS_KEPT, '*', 'u', unit)
end

-- Takes an entry out, and lets those of its dossier come that waited behind it.
local function remove(key, id, unit)
  local fields = entry(id)
  redis.pcall('XACK', stream, GROUP, id)
  redis.call('XDEL', stream, id)
  redis.call('HDEL', entries, key)
  redis.call('ZREM', leases, id)
  redis.call('HDEL', holders, id)
  local line = fields and redis.call('HGET', dossiers, fields['d'])
  if not line then return end
  local rest, released = {}, 0
  for other in string.gmatch(line, '%S+') do
    if other ~= id then
      rest[#rest + 1] = other
      released = released + redis.call('ZADD', leases, 'NX', 0, other)
    end
  end
  if #rest == 0 then
    redis.call('HDEL', dossiers, fields['d'])
  else
    redis.call('HSET', dossiers, fields['d'], table.concat(rest, ' '))
  end
  if released > 0 then ring(unit) end
end

-- 1 when the lane should be refilled: it was never filled, or it drained and the store has more.
local function starves()
  local filled = redis.call('GET', fill)
  if not filled then return 1 end
  return filled == 'more' and redis.call('HLEN', entries) < REFILL_BELOW and 1 or 0
end
