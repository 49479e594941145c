import { createHash } from 'node:crypto';
import type { EntryId } from './entry.ts';
import type { RedisConnection } from './redis-connection.ts';
import { isReply } from './redis-reply.ts';

/** What one call of the script is asked; groups are in the order of their account keys. */
export interface SliceRequest {
  /** Trims only while the lock holds this token, and renews the lock; without it, nothing is changed. */
  readonly lock?: { readonly token: string; readonly forMs: number };
  /** Without a lock: where the last call ended, and how many entries would have gone by then. */
  readonly counted?: { readonly from: EntryId | '-'; readonly entries: number };
  readonly keep: number;
  readonly groups: readonly {
    readonly name: string;
    readonly shed?: { readonly maxEntries?: number; readonly maxAgeMs?: number };
  }[];
}

/** Lua has one empty table for lists and maps, so that a list that would be empty is left out. */
export type SliceReply =
  | { readonly outcome: 'missing'; readonly missing: readonly string[] }
  | { readonly outcome: 'lockLost' }
  | {
      readonly outcome: 'trimmed';
      readonly trimmed: number;
      /** Nothing more may go now. */
      readonly done: boolean;
      /** Where a call that changes nothing goes on. */
      readonly next: EntryId | '-';
      readonly shed?: readonly ShedRange[];
      /** When done, the groups that need the oldest entry that is left. */
      readonly neededBy?: readonly string[];
      readonly undeclared?: readonly string[];
    };

/** Entries that were trimmed before a group had acknowledged them. */
export interface ShedRange {
  readonly group: string;
  /** The first and the last of them; entries in between that the group had acknowledged are not counted. */
  readonly from: EntryId;
  readonly to: EntryId;
  /** Never handed out to the group. */
  readonly unread: number;
  /** Handed out and not acknowledged: a consumer that has them in hand may deliver them yet. */
  readonly pending: number;
}

/** Entries that whole nodes of the stream may hold which one call removes: less than a millisecond's work. */
const NODES_ENTRIES = 10_000;
/** Entries whose IDs one call looks at, one by one, and how many bytes of fields Redis may bring along for that. */
const PAGE_ENTRIES = 1_000;
const PAGE_BYTES = 1_048_576;
const ACCOUNT_ENTRIES = 10_000;

/**
 * One slice of a pass, as one step of Redis: what is needed is read and what is not is trimmed with nothing in between.
 *
 * Whole nodes that every group has had go first, unseen. The rest, and whatever is shed, is looked at entry by entry,
 * oldest first, up to the first one that somebody needs. IDs are compared as texts, for their halves have 64 bits and
 * a number of Lua holds 53. The account is written behind the trimming: that is when a Redis that is out of memory
 * takes it, for a script that has begun to write is let finish.
 *
 * KEYS: the stream, its lock, an account per group. ARGV: a SliceRequest as JSON.
 */
const SCRIPT = `
local stream, lock = KEYS[1], KEYS[2]
local ask = cjson.decode(ARGV[1])

local function before(a, b)
  local aMs, aSequence = a:match('^(%d+)-(%d+)$')
  local bMs, bSequence = b:match('^(%d+)-(%d+)$')
  if aMs == bMs then aMs, bMs = aSequence, bSequence end
  if #aMs ~= #bMs then return #aMs < #bMs end
  return aMs < bMs
end

local MAX = '18446744073709551615'

local function increment(digits)
  local head, nines = digits:match('^(%d-)(9*)$')
  if head == '' then head = '0' end
  return (head:sub(1, -2) .. string.char(head:byte(-1) + 1) .. ('0'):rep(#nines))
end

local function after(id)
  local ms, sequence = id:match('^(%d+)-(%d+)$')
  if sequence ~= MAX then return ms .. '-' .. increment(sequence) end
  if ms ~= MAX then return increment(ms) .. '-0' end
  return id
end

local lastDelivered, names = {}, {}
if redis.call('EXISTS', stream) == 1 then
  for _, reply in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
    local fields = {}
    for i = 1, #reply, 2 do fields[reply[i]] = reply[i + 1] end
    names[#names + 1] = fields.name
    lastDelivered[fields.name] = fields['last-delivered-id']
  end
end

local declared, missing, undeclared = {}, {}, {}
for _, group in ipairs(ask.groups) do
  declared[group.name] = true
  if not lastDelivered[group.name] then missing[#missing + 1] = group.name end
end
if #missing > 0 then return cjson.encode({ outcome = 'missing', missing = missing }) end
for _, name in ipairs(names) do
  if not declared[name] then undeclared[#undeclared + 1] = name end
end

if ask.lock then
  if redis.call('GET', lock) ~= ask.lock.token then return cjson.encode({ outcome = 'lockLost' }) end
  redis.call('PEXPIRE', lock, ask.lock.forMs)
end

local function finish(trimmed, done, next, shed, neededBy)
  local function some(list) if list and #list > 0 then return list end end
  return cjson.encode({ outcome = 'trimmed', trimmed = trimmed, done = done, next = next,
    shed = some(shed), neededBy = some(neededBy), undeclared = some(undeclared) })
end

local from, gone = '-', 0
if ask.counted then from, gone = ask.counted.from, ask.counted.entries end
local first = redis.call('XRANGE', stream, from, '+', 'COUNT', 1)[1]
if not first then return finish(0, true, from) end

-- Per group, the first entry that it has not had; pending ones that are gone already are not waited for.
local need, safe = {}, nil
for _, name in ipairs(names) do
  need[name] = after(lastDelivered[name])
  local pending = redis.call('XPENDING', stream, name, first[1], '+', 1)[1]
  if pending and before(pending[1], need[name]) then need[name] = pending[1] end
  if not safe or before(need[name], safe) then safe = need[name] end
end

local length = redis.call('XLEN', stream)
local limit = math.min(${NODES_ENTRIES}, length - ask.keep)
if ask.lock and limit > 0 then
  local trimmed = redis.call('XTRIM', stream, 'MINID', '~', safe, 'LIMIT', limit)
  if trimmed > 0 then return finish(trimmed, false, '-') end
end

local now = redis.call('TIME')
local sheds, oldest = {}, {}
for _, group in ipairs(ask.groups) do
  if group.shed then
    sheds[group.name] = group.shed
    if group.shed.maxAgeMs then
      local ms = math.max(0, now[1] * 1000 + math.floor(now[2] / 1000) - group.shed.maxAgeMs)
      oldest[group.name] = string.format('%.0f-0', ms)
    end
  end
end

local function outside(name, id, left)
  local shed = sheds[name]
  if not shed then return false end
  return (shed.maxEntries and left > shed.maxEntries) or (oldest[name] and before(id, oldest[name])) or false
end

local function needing(id, left)
  local by = {}
  for _, name in ipairs(names) do
    if not before(id, need[name]) and not outside(name, id, left) then by[#by + 1] = name end
  end
  return by
end

local going, known, bytes, cursor, ended, neededBy = {}, {}, 0, first[1], false, nil
repeat
  local some = redis.call('XRANGE', stream, cursor, '+', 'COUNT', 20)
  for _, entry in ipairs(some) do
    local id, left = entry[1], length - gone - #going
    neededBy = needing(id, left)
    if #neededBy > 0 or left <= ask.keep then ended = true break end
    going[#going + 1], known[id] = id, true
    for _, part in ipairs(entry[2]) do bytes = bytes + #part end
  end
  if #some < 20 then ended = true end
  if #going > 0 then cursor = '(' .. going[#going] end
until ended or #going >= ${PAGE_ENTRIES} or bytes >= ${PAGE_BYTES}
if #going == 0 then return finish(0, true, first[1], nil, neededBy) end

local last = going[#going]
local accounts = {}
for i, group in ipairs(ask.groups) do
  local name = group.name
  if not before(last, need[name]) then
    local range = { group = name, unread = 0, pending = 0 }
    local waiting, start = {}, going[1]
    repeat
      local page = redis.call('XPENDING', stream, name, start, last, 1000)
      for _, entry in ipairs(page) do waiting[entry[1]] = true end
      if #page > 0 then start = '(' .. page[#page][1] end
    until #page < 1000
    for _, id in ipairs(going) do
      local unread = not waiting[id] and before(lastDelivered[name], id)
      if unread then range.unread = range.unread + 1 end
      if waiting[id] then range.pending = range.pending + 1 end
      if unread or waiting[id] then range.from, range.to = range.from or id, id end
    end
    accounts[#accounts + 1] = { key = KEYS[2 + i], range = range, unread = range.unread, pending = range.pending }
  end
end

local shed = {}
for _, account in ipairs(accounts) do
  shed[#shed + 1] = account.range
  local newest = redis.call('XREVRANGE', account.key, '+', '-', 'COUNT', 1)[1]
  if newest then
    local fields = {}
    for i = 1, #newest[2], 2 do fields[newest[2][i]] = newest[2][i + 1] end
    account.unread = account.unread + fields['unread-total']
    account.pending = account.pending + fields['pending-total']
  end
end

if ask.lock then
  redis.call('XTRIM', stream, 'MINID', after(last))
  for _, account in ipairs(accounts) do
    local range = account.range
    redis.call('XADD', account.key, 'MAXLEN', '~', ${ACCOUNT_ENTRIES}, '*', 'from', range.from, 'to', range.to,
      'unread', range.unread, 'pending', range.pending,
      'unread-total', string.format('%.0f', account.unread), 'pending-total', string.format('%.0f', account.pending))
  end
end
-- A group that has just shed may have had what comes next.
return finish(#going, false, after(last), shed)
`;

const DIGEST = createHash('sha1').update(SCRIPT).digest('hex');

/** @throws RedisUnavailableError, or Redis's own error reply; when no answer came, the slice may have been trimmed */
export async function trimSlice(
  connection: RedisConnection,
  keys: readonly string[],
  request: SliceRequest,
): Promise<SliceReply> {
  const args = [keys.length, ...keys, JSON.stringify(request)];
  return JSON.parse(String(await evaluate(connection, args))) as SliceReply;
}

async function evaluate(connection: RedisConnection, args: readonly (string | number)[]): Promise<unknown> {
  try {
    return await connection.call('EVALSHA', DIGEST, ...args);
  } catch (thrown) {
    if (!isReply(thrown, 'NOSCRIPT')) throw thrown;
    return connection.call('EVAL', SCRIPT, ...args);
  }
}
