import { slackMicros } from './take-from-buckets.ts';
import { type Script, script } from './write-newest.lua.ts';

/**
 * KEYS: the buckets of one request, on a cluster of one slot. ARGV: for each the microseconds of a request, and the burst. The rule is
 * `takeFromBuckets`, on the server's clock: those of processes may differ and jump. Times count from 2026, or doubles would not hold
 * a hundredth of a microsecond, which rates of 100,000 a second need.
 *
 * Answers whole numbers: the place of the bucket that refused (from 1, else 0), microseconds to wait, then for each bucket how many requests are
 * left and in how many microseconds it is full.
 */
export const takeFromBucketsScript: Script = script(textOn("redis.call('TIME')"));

/** `time` is Lua of a list of seconds and microseconds. A test gives other times than the server's. */
export function textOn(time: string): string {
  return `
local call, floor, ceil, max, min = redis.call, math.floor, math.ceil, math.max, math.min
local time = ${time}
local now = (time[1] - 1767225600) * 1000000 + time[2]
local full = call('MGET', unpack(KEYS))
local missing, refused, longest = {}, 0, ${slackMicros}
for place = 1, #KEYS do
  local interval, burst = tonumber(ARGV[2 * place - 1]), tonumber(ARGV[2 * place])
  missing[place] = min(max(0, (tonumber(full[place]) or now) - now), interval * burst)
  local wait = missing[place] + interval - interval * burst
  if wait > longest then refused, longest = place, wait end
end
local answer = { refused, refused == 0 and 0 or ceil(longest) }
for place = 1, #KEYS do
  local interval, burst = tonumber(ARGV[2 * place - 1]), tonumber(ARGV[2 * place])
  local left = missing[place] + (refused == 0 and interval or 0)
  if left > 0 and now + left ~= tonumber(full[place]) then
    call('SET', KEYS[place], string.format('%.17g', now + left), 'PX', ceil(left / 1000))
  end
  answer[2 * place + 1] = floor((interval * burst - left + ${slackMicros}) / interval)
  answer[2 * place + 2] = ceil(left)
end
return answer
`;
}
