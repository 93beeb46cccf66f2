/** How many listed keys one run of the script looks at: some milliseconds. */
const maxScanned = 5000;

/**
 * A page of the states that any of some indexes lists, each once, or how many they are. What is listed without a state is
 * told and left: while a slot moves, a state may be missing here because it is still at the other node. See `unlistScript`.
 *
 * A member of an index is a key, or a key, the characters 1 and 10, and the text that is searched: looking for a text asks for no
 * state. The keys of the states are made here: they are in the slot of the indexes, as everything of a scope is.
 *
 * KEYS  [counts], then the indexes.
 * ARGV  [1] "list" or "count", [2] "ascending" or "descending", [3] where it begins and [4] where it ends, as
 *       ZRANGEBYLEX writes these, [5] how many states at most, [6] what the keys of states begin with, [7] a JSON list
 *       of texts that are looked for, [8] "1": in keys too; then the name of each index.
 * @returns `{where the next page begins or false, how many, the members without a state, "1" when an index is lost, key, state, key, state, …}`
 */
export const listStatesScript = `
local mode, order, first, last, limit = ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])
local statePrefix, texts, inKeys = ARGV[6], cjson.decode(ARGV[7]), ARGV[8] == "1"
local indexCount = #KEYS - 1
local command = order == "ascending" and "ZRANGEBYLEX" or "ZREVRANGEBYLEX"
local batch = (mode == "count" or #texts > 0) and 1000 or math.min(limit + 1, 1000)
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

local function nextMember()
  local best
  for _, list in ipairs(lists) do
    local member = nextOf(list)
    if member and (not best or (order == "ascending" and member < best) or (order ~= "ascending" and member > best)) then
      best = member
    end
  end
  for _, list in ipairs(lists) do
    if best and nextOf(list) == best then list.position = list.position + 1 end
  end
  return best
end

local function isFound(key, text)
  for _, part in ipairs(texts) do
    if not (string.find(text, part, 1, true) or inKeys and string.find(key, part, 1, true)) then return false end
  end
  return true
end

local items, gone, count, scanned, newest = {}, {}, 0, 0, false
while true do
  local member = nextMember()
  if not member then return { false, count, gone, lost, unpack(items) } end
  if scanned == ${maxScanned} then return { newest, count, gone, lost, unpack(items) } end
  scanned = scanned + 1
  local textStart = string.find(member, "\\1\\n", 1, true)
  local key = textStart and string.sub(member, 1, textStart - 1) or member
  if key ~= newest and isFound(key, textStart and string.sub(member, textStart + 2) or "") then
    if mode == "count" then count = count + 1
    else
      local state = redis.call("HGETALL", statePrefix .. key)
      if #state == 0 then gone[#gone + 1] = member
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

/**
 * Takes members without a state out of some indexes. All keys are named, so a slot that moves refuses it as long as one of
 * them is at the other node.
 *
 * KEYS  [counts], the indexes, then the states.
 * ARGV  [1] how many indexes, their names, then the member of each state.
 * @returns how many of the states are there after all; then nothing was changed.
 */
export const unlistScript = `
local indexCount = tonumber(ARGV[1])
local standing = 0
for position = 2 + indexCount, #KEYS do standing = standing + redis.call("EXISTS", KEYS[position]) end
if standing > 0 then return standing end
local listed, emptied = {}, {}
for index = 1, indexCount do
  local name = ARGV[1 + index]
  local count = tonumber(redis.call("HGET", KEYS[1], name) or "0")
  local left = redis.call("ZREM", KEYS[1 + index], unpack(ARGV, 2 + indexCount))
  if left == count then emptied[#emptied + 1] = name
  elseif left > 0 then
    listed[#listed + 1] = name
    listed[#listed + 1] = count - left
  end
end
if #listed > 0 then redis.call("HSET", KEYS[1], unpack(listed)) end
if #emptied > 0 then redis.call("HDEL", KEYS[1], unpack(emptied)) end
return 0
`;

/**
 * Counts what some indexes list.
 *
 * KEYS  [counts], then the indexes.
 * ARGV  The name of each index.
 */
export const recountScript = `
local listed, emptied = {}, {}
for position, name in ipairs(ARGV) do
  local count = redis.call("ZCARD", KEYS[1 + position])
  if count == 0 then emptied[#emptied + 1] = name
  else
    listed[#listed + 1] = name
    listed[#listed + 1] = count
  end
end
if #listed > 0 then redis.call("HSET", KEYS[1], unpack(listed)) end
if #emptied > 0 then redis.call("HDEL", KEYS[1], unpack(emptied)) end
`;
