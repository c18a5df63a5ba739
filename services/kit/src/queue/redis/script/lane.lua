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

-- The entry of an offer in the stream, and its dossier.
local function place(value)
  if not value then return nil end
  return string.match(value, '^(%S+) (.*)$')
end

-- What a key has of each of these fields, of which `unpack` takes a few thousand at most.
local function of_each(command, key, fields)
  local found = {}
  for first = 1, #fields, 1000 do
    local some = redis.call(command, key, unpack(fields, first, math.min(first + 999, #fields)))
    for i, value in ipairs(some) do found[first + i - 1] = value end
  end
  return found
end

-- Takes entries out, found under these keys or not, and lets those of their dossiers come that waited behind them.
local function remove(keys, found, unit)
  local ids, gone, named, is_gone, order = {}, {}, {}, {}, {}
  for i, key in ipairs(keys) do
    local id, dossier = place(found[i])
    if id then
      ids[#ids + 1], gone[#gone + 1], is_gone[id] = id, key, true
      if dossier ~= '' and not named[dossier] then
        named[dossier] = true
        order[#order + 1] = dossier
      end
    end
  end
  if #ids == 0 then return end
  redis.pcall('XACK', stream, GROUP, unpack(ids))
  redis.call('XDEL', stream, unpack(ids))
  redis.call('HDEL', entries, unpack(gone))
  redis.call('ZREM', leases, unpack(ids))
  redis.call('HDEL', holders, unpack(ids))
  if #order == 0 then return end
  local empty, rests, released = {}, {}, {}
  for i, line in ipairs(redis.call('HMGET', dossiers, unpack(order))) do
    local rest = {}
    for other in string.gmatch(line or '', '%S+') do
      if not is_gone[other] then
        rest[#rest + 1] = other
        released[#released + 1] = 0
        released[#released + 1] = other
      end
    end
    if #rest == 0 then
      empty[#empty + 1] = order[i]
    else
      rests[#rests + 1] = order[i]
      rests[#rests + 1] = table.concat(rest, ' ')
    end
  end
  if #empty > 0 then redis.call('HDEL', dossiers, unpack(empty)) end
  if #rests > 0 then redis.call('HSET', dossiers, unpack(rests)) end
  if #released > 0 and redis.call('ZADD', leases, 'NX', unpack(released)) > 0 then ring(unit) end
end

-- 1 when the lane should be refilled: it was never filled, or it drained and the store has more.
local function starves()
  local filled = redis.call('GET', fill)
  if not filled then return 1 end
  return filled ~= 'all' and redis.call('HLEN', entries) < REFILL_BELOW and 1 or 0
end
