-- ARGV: capacity, length to cut to or 0, unit, where a page of the store begins (due and key, or '' and ''), where more follows it
-- (the same), then of each offer key, dossier, trace, commit, due, and the keys of the earlier ones of its dossier, which it may not
-- overtake, with spaces between. Gives 1 when there is room for more.
local capacity, fitted, FIRST, EACH = tonumber(ARGV[1]), true, 8, 6
local keys, names = {}, {}
for i = FIRST, #ARGV, EACH do
  keys[#keys + 1], names[#names + 1] = ARGV[i], ARGV[i + 1]
end

local there, marked = of_each('HMGET', entries, keys), of_each('ZMSCORE', marks, keys)
local known = of_each('HMGET', dossiers, names)
local held, seen, added, lines, left_out = redis.call('HLEN', entries), {}, {}, {}, nil

-- Whether all these are there, or were acknowledged.
local function are_known(earlier)
  for key in string.gmatch(earlier, '%S+') do
    local here = seen[key] or redis.call('HEXISTS', entries, key) == 1
    if not here and not redis.call('ZSCORE', marks, key) then return false end
  end
  return true
end

for i, key in ipairs(keys) do
  if not there[i] and not marked[i] and not seen[key] then
    local dossier, at = names[i], FIRST + EACH * (i - 1)
    if held >= capacity or not are_known(ARGV[at + 5]) then
      local due = tonumber(ARGV[at + 4])
      fitted, left_out = false, math.min(left_out or due, due)
    else
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

-- Up to where the lane has what is open in the store: `all`, or `more` with a place in the order of the store.
local function before(due, key, other_due, other_key)
  return due < other_due or due == other_due and key < other_key
end

local function more(due, key)
  redis.call('SET', fill, string.format('more %.0f %s', due, key))
end

local function note(filled)
  local due, key = string.match(filled or '', '^more (%d+) (.*)$')
  due = tonumber(due)
  if ARGV[4] == '' then
    if filled and (not due or before(left_out, '', due, key)) then more(left_out, '') end
    return
  end
  local from, whole = tonumber(ARGV[4]), ARGV[6] == ''
  local to, last = from, ARGV[5]
  if fitted and not whole then to, last = tonumber(ARGV[6]), ARGV[7] end
  -- A page that does not begin where the lane is filled to leaves a gap.
  if not filled and before(0, '', from, ARGV[5]) then return end
  if due and before(due, key, from, ARGV[5]) then return end
  if fitted and whole then
    redis.call('SET', fill, 'all')
  elseif not (fitted and due and before(to, last, due, key)) then
    more(to, last)
  end
end

if ARGV[4] ~= '' or not fitted then note(redis.call('GET', fill)) end
-- Whoever waits asks for what was left out.
if #added > 0 or not fitted and starves() == 1 then ring(ARGV[3]) end
return fitted and held < capacity and 1 or 0
