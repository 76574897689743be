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
 * A stored text without an order counts as the oldest row, or it would fail every write to its entity.
 */
export const writeNewestScript = script(`
local function order(row)
  local event, created = string.match(row, '^%[([^,]+),([^,%]]+)')
  return tonumber(event) or -math.huge, tonumber(created) or -math.huge
end

local function replaces(offered, stored)
  if not stored or string.sub(stored, 1, 1) == '!' then return true end
  if string.sub(offered, 1, 1) == '!' then return false end
  local offeredEvent, offeredCreated = order(offered)
  local storedEvent, storedCreated = order(stored)
  if offeredEvent == storedEvent then return offeredCreated > storedCreated end
  return offeredEvent > storedEvent
end

for index, key in ipairs(KEYS) do
  local field, offered = ARGV[2 * index], ARGV[2 * index + 1]
  if replaces(offered, redis.call('HGET', key, field)) then redis.call('HSET', key, field, offered) end
  redis.call('PEXPIRE', key, ARGV[1])
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
