-- ARGV: how many acknowledged offers are remembered, for how many ms, unit, then key, attempt, change and ms of each. Changes: `acknowledge`,
-- `extend`, `give_back`, `undeliver`. Gives: 1 for each that had an effect; 1 when the lane starves.
local now = clock()
local FIRST, EACH, SOME = 4, 4, 1000
local keys, done, came_back = {}, {}, false
for i = FIRST, #ARGV, EACH do keys[#keys + 1] = ARGV[i] end

local function is_out(id, attempt)
  local ends = redis.call('ZSCORE', leases, id)
  if not ends or tonumber(ends) <= now or redis.call('HEXISTS', holders, id) == 0 then return false end
  local known = pending(id)
  return known and known[4] == attempt
end

local function change(id, attempt, what, ms)
  if not id or not is_out(id, attempt) then return 0 end
  redis.call('ZADD', leases, now + ms, id)
  if what ~= 'extend' then
    redis.call('HDEL', holders, id)
    came_back = true
  end
  if what == 'undeliver' then attempts(id, attempt - 1) end
  return 1
end

-- Whatever was settled while Redis was away is not remembered for ever.
redis.call('ZREMRANGEBYSCORE', marks, '-inf', now - tonumber(ARGV[2]))
local found, marked = of_each('HMGET', entries, keys), of_each('ZMSCORE', marks, keys)
local room = tonumber(ARGV[1]) - redis.call('ZCARD', marks)

-- What is acknowledged goes out together.
local gone, settled, places, noted = {}, {}, {}, {}

local function take_out()
  if #settled == 0 then return end
  remove(settled, places, ARGV[3])
  redis.call('ZADD', marks, unpack(noted))
  settled, places, noted = {}, {}, {}
end

local function acknowledge(i, key)
  if marked[i] or gone[key] then return 1 end
  if not found[i] or room <= 0 then return 0 end
  room, gone[key] = room - 1, true
  settled[#settled + 1], places[#places + 1] = key, found[i]
  noted[#noted + 1] = now
  noted[#noted + 1] = key
  if #settled == SOME then take_out() end
  return 1
end

for i, key in ipairs(keys) do
  local at = FIRST + EACH * (i - 1)
  local what = ARGV[at + 2]
  if what == 'acknowledge' then
    done[i] = acknowledge(i, key)
  elseif gone[key] then
    done[i] = 0
  else
    done[i] = change(place(found[i]), tonumber(ARGV[at + 1]), what, tonumber(ARGV[at + 3]))
  end
end
take_out()
if came_back then ring(ARGV[3]) end
return { done, starves() }
