/** How many listed keys one run of the script looks at. */
export const maxScanned = 5000;

/**
 * A page of the states that any of some indexes lists, each once, or how many they are. Keys whose states are gone are taken
 * out of the indexes on the way.
 *
 * The keys of the states are made here: they are in the slot of the indexes, as everything of a scope is.
 *
 * KEYS  [counts], then the indexes.
 * ARGV  [1] "list" or "count", [2] "ascending" or "descending", [3] where it begins and [4] where it ends, as
 *       ZRANGEBYLEX writes these, [5] how many states at most, [6] what the keys of states begin with, [7] the field that is
 *       searched and [8] a JSON list of the texts that it has; then the name of each index.
 * @returns `{where the next page begins or false, how many, the keys that are gone, "1" when an index is lost, key, state, key, state, …}`
 */
export const listStatesScript = `
local mode, order, first, last, limit = ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])
local statePrefix, field, texts = ARGV[6], ARGV[7], cjson.decode(ARGV[8])
local indexCount = #KEYS - 1
local command = order == "ascending" and "ZRANGEBYLEX" or "ZREVRANGEBYLEX"
local batch = math.min(limit + 1, 200)
local lists, lost = {}, "0"

local function fill(list)
  if list.done then return end
  list.keys = redis.call(command, list.index, list.from, last, "LIMIT", 0, batch)
  list.position = 1
  if #list.keys < batch then list.done = true end
  if #list.keys > 0 then list.from = "(" .. list.keys[#list.keys] end
end

for position = 1, indexCount do
  local list = { index = KEYS[position + 1], name = ARGV[8 + position], from = first, keys = {}, position = 1 }
  local counted, listed = redis.call("HGET", KEYS[1], list.name) or "0", redis.call("ZCARD", list.index)
  if tonumber(counted) ~= listed then lost = "1" end
  fill(list)
  lists[position] = list
end

local function nextOf(list)
  if list.position > #list.keys then fill(list) end
  return list.keys[list.position]
end

local function nextKey()
  local best
  for _, list in ipairs(lists) do
    local key = nextOf(list)
    if key and (not best or (order == "ascending" and key < best) or (order ~= "ascending" and key > best)) then best = key end
  end
  local holders = {}
  for _, list in ipairs(lists) do
    if best and nextOf(list) == best then
      holders[#holders + 1] = list
      list.position = list.position + 1
    end
  end
  return best, holders
end

local function unlist(key, holders)
  for _, list in ipairs(holders) do
    redis.call("ZREM", list.index, key)
    local count = redis.call("ZCARD", list.index)
    if count == 0 then redis.call("HDEL", KEYS[1], list.name) else redis.call("HSET", KEYS[1], list.name, count) end
  end
end

local function has(stateKey)
  local text = redis.call("HGET", stateKey, field)
  if not text then return redis.call("EXISTS", stateKey) == 0 end
  for _, part in ipairs(texts) do
    if not string.find(text, part, 1, true) then return false end
  end
  return true
end

local items, gone, count, scanned, newest = {}, {}, 0, 0, false
while true do
  local key, holders = nextKey()
  if not key then return { false, count, gone, lost, unpack(items) } end
  if scanned == ${maxScanned} then return { newest, count, gone, lost, unpack(items) } end
  scanned = scanned + 1
  local stateKey = statePrefix .. key
  if #texts == 0 or has(stateKey) then
    if mode == "count" then
      if redis.call("EXISTS", stateKey) == 1 then count = count + 1 else
        unlist(key, holders)
        gone[#gone + 1] = key
      end
    else
      local state = redis.call("HGETALL", stateKey)
      if #state == 0 then
        unlist(key, holders)
        gone[#gone + 1] = key
      elseif count == limit then return { items[#items - 1], count, gone, lost, unpack(items) }
      else
        count = count + 1
        items[#items + 1] = key
        items[#items + 1] = state
      end
    end
  end
  newest = key
end
`;
