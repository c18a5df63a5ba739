-- ARGV: how many acknowledged offers are remembered, for how many ms, unit, then key, attempt, change and ms of each. Changes: `acknowledge`,
-- `extend`, `give_back`, `undeliver`. Gives: 1 for each that had an effect; 1 when the lane starves.
local now = clock()
local done, came_back = {}, false

local function acknowledge(key, found)
  if redis.call('ZSCORE', marks, key) then return 1 end
  if not found or redis.call('ZCARD', marks) >= tonumber(ARGV[1]) then return 0 end
  remove({ key }, { found }, ARGV[3])
  redis.call('ZADD', marks, now, key)
  return 1
end

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
for i = 4, #ARGV, 4 do
  local key, what = ARGV[i], ARGV[i + 2]
  local found = redis.call('HGET', entries, key)
  if what == 'acknowledge' then
    done[#done + 1] = acknowledge(key, found)
  else
    done[#done + 1] = change(place(found), tonumber(ARGV[i + 1]), what, tonumber(ARGV[i + 3]))
  end
end
if came_back then ring(ARGV[3]) end
return { done, starves() }
