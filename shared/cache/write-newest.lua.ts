import { createHash } from 'node:crypto';

export interface Script {
  readonly text: string;
  /** What EVALSHA calls it by. */
  readonly sha: string;
}

/**
 * KEYS: the entity of each entry (on a cluster all of one slot). ARGV: the TTL in milliseconds, then a field and a stored
 * text per entry. The rule is `replaces` of entry.ts. Numbers of Lua are doubles, as those of JavaScript, so microseconds
 * are exact. The expiry is set even where nothing was stored: no key may be without one.
 *
 * 3 us an entry of Redis, of which the three commands are half.
 *
 * A stored text without an order counts as the oldest row, or it would fail every write to its entity.
 */
export const writeNewestScript = script(`
local function order(row)
  local event, created = string.match(row, '^%[([^,]+),([^,%]]+)')
  return tonumber(event) or -math.huge, tonumber(created) or -math.huge
end

-- Microseconds of the years 2001 to 2286 have 16 digits: texts of one width compare as their numbers do.
local byte, sub = string.byte, string.sub
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

local call, ttl = redis.call, ARGV[1]
for index = 1, #KEYS do
  local key, field, offered = KEYS[index], ARGV[2 * index], ARGV[2 * index + 1]
  if replaces(offered, call('HGET', key, field)) then call('HSET', key, field, offered) end
  call('PEXPIRE', key, ttl)
end
`);

/** KEYS: the epoch of a tenant. ARGV: its TTL in milliseconds, the epoch. It only rises. */
export const publishEpochScript = script(`
local stored = tonumber(redis.call('GET', KEYS[1]))
if not stored or tonumber(ARGV[2]) > stored then redis.call('SET', KEYS[1], ARGV[2]) end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
`);

function script(text: string): Script {
  return { text, sha: createHash('sha1').update(text).digest('hex') };
}
