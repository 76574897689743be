import { createHash } from 'node:crypto';

export interface Script {
  readonly text: string;
  /** What EVALSHA calls it by. */
  readonly sha: string;
}

/**
 * KEYS: entities (on a cluster all of one slot), each once. ARGV: the TTL in milliseconds, then for each entity how many fields,
 * and a field and an offered text for each of them. The rule is `newestOf` of entry.ts. Numbers of Lua are doubles, as those of
 * JavaScript, so microseconds are exact. The expiry is set even where nothing was stored: no key may be without one.
 *
 * 3 us an entity with one field of Redis, of which the three commands are half.
 *
 * A stored text without an order counts as the oldest row, or it would fail every write to its entity.
 */
export const writeNewestScript = script(`
local function order(row)
  local event, created = string.match(row, '^%[([^,]+),([^,%]]+)')
  return tonumber(event) or -math.huge, tonumber(created) or -math.huge
end

-- Microseconds of the years 2001 to 2286 have 16 digits: texts of one width compare as their numbers do.
local byte, sub, find = string.byte, string.sub, string.find
local function hasUsualWidth(row)
  return byte(row, 18) == 44 and byte(row, 35) == 44
end

local function replaces(offered, stored)
  if not stored or byte(stored) == 33 then return true end
  if byte(offered) == 33 then return false end
  if hasUsualWidth(offered) and hasUsualWidth(stored) then return sub(offered, 2, 34) > sub(stored, 2, 34) end
  local offeredEvent, offeredCreated = order(offered)
  local storedEvent, storedCreated = order(stored)
  if offeredEvent == storedEvent then return offeredCreated > storedCreated end
  return offeredEvent > storedEvent
end

-- part-text.ts: a line is a break, two digits of its name, ten of its revision, and the rest.
local function mergeParts(offered, stored)
  local offeredHead, storedHead = sub(offered, 1, 12), sub(stored, 1, 12)
  if offeredHead ~= storedHead then return offeredHead > storedHead and offered or nil end
  local merged, at = stored, 13
  while at <= #offered do
    local stop = find(offered, '\\n', at + 1, true) or #offered + 1
    local line = sub(offered, at, stop - 1)
    local from = find(merged, sub(line, 1, 3), 13, true)
    if not from then
      merged = merged .. line
    elseif sub(line, 4, 13) > sub(merged, from + 3, from + 12) then
      local next = find(merged, '\\n', from + 1, true)
      merged = sub(merged, 1, from - 1) .. line .. (next and sub(merged, next) or '')
    end
    at = stop
  end
  return merged ~= stored and merged or nil
end

local function newestOf(offered, stored)
  if offered == '+' then return string.format('%.0f', (tonumber(stored) or 0) + 1) end
  if stored and byte(offered) == 80 and byte(stored) == 80 then return mergeParts(offered, stored) end
  return replaces(offered, stored) and offered or nil
end

local call, ttl, at = redis.call, ARGV[1], 2
for index = 1, #KEYS do
  local key, count = KEYS[index], tonumber(ARGV[at])
  if count == 1 then
    local newest = newestOf(ARGV[at + 2], call('HGET', key, ARGV[at + 1]))
    if newest then call('HSET', key, ARGV[at + 1], newest) end
  else
    local fields, held, writes = {}, {}, {}
    for place = 1, count do fields[place] = ARGV[at + 2 * place - 1] end
    for place, stored in ipairs(call('HMGET', key, unpack(fields))) do held[fields[place]] = stored end
    for place = 1, count do
      local field = fields[place]
      local newest = newestOf(ARGV[at + 2 * place], held[field])
      if newest then
        held[field] = newest
        writes[#writes + 1] = field
        writes[#writes + 1] = newest
      end
    end
    if #writes > 0 then call('HSET', key, unpack(writes)) end
  end
  call('PEXPIRE', key, ttl)
  at = at + 2 * count + 1
end
`);

/** KEYS: the epoch of a tenant. ARGV: its TTL in milliseconds, the epoch. It only rises. */
export const publishEpochScript = script(`
local stored = tonumber(redis.call('GET', KEYS[1]))
if not stored or tonumber(ARGV[2]) > stored then redis.call('SET', KEYS[1], ARGV[2]) end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
`);

export function script(text: string): Script {
  return { text, sha: createHash('sha1').update(text).digest('hex') };
}
