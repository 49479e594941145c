import { createHash } from 'node:crypto';
import type { Piece } from './line-batch.ts';
import type { RedisCommands } from './redis-commands.ts';

/**
 * Adds lines to a stream, and leaves out those that it has added before.
 *
 *     KEYS  the stream · the offset of the last line of this shipper and boot that the stream has
 *     ARGV  what stands before an offset in an eid · seconds to remember the last offset · offset, lines · offset, lines · …
 *
 * Lines end in a newline and follow each other in the input, so that a line's offset is that of its first byte; the
 * script splits them, for 2,000 arguments cost the client and Redis more than two. It replies with the number of lines
 * added. When XADD fails midway, what was added is remembered before the error is passed on.
 */
const SCRIPT = `
local last = tonumber(redis.call('GET', KEYS[2]) or '-1')
local added = 0
local refusal = false
for i = 3, #ARGV, 2 do
  local first, lines, from = tonumber(ARGV[i]), ARGV[i + 1], 1
  local newline = string.find(lines, '\\n', from, true)
  while newline and not refusal do
    local offset = first + from - 1
    if offset > last then
      local name = string.format('%.0f', offset)
      local reply = redis.pcall('XADD', KEYS[1], '*', 'line', string.sub(lines, from, newline - 1), 'eid', ARGV[1] .. name)
      if type(reply) == 'table' and reply.err then
        refusal = reply
      else
        last = offset
        added = added + 1
      end
    end
    from = newline + 1
    newline = string.find(lines, '\\n', from, true)
  end
end
if added > 0 then redis.call('SET', KEYS[2], string.format('%.0f', last), 'EX', ARGV[2]) end
return refusal or added
`;

const DIGEST = createHash('sha1').update(SCRIPT).digest('hex');

/** How long Redis remembers the last offset of a shipper that adds nothing: 30 days. */
const REMEMBERED_SECONDS = 30 * 24 * 60 * 60;

/** @returns how many lines were added; the others the stream had already */
export async function appendLines(
  redis: RedisCommands,
  stream: string,
  shipper: { readonly name: string; readonly boot: string },
  pieces: readonly Piece[],
): Promise<number> {
  const identity = `${shipper.name}.${shipper.boot}`;
  const keys = [stream, lastOffsetKey(stream, identity)];
  const args = [`${identity}.`, REMEMBERED_SECONDS, ...pieces.flatMap(({ offset, bytes }) => [offset, bytes])];
  try {
    return Number(await redis.call('EVALSHA', DIGEST, keys.length, ...keys, ...args));
  } catch (thrown) {
    if (!(thrown instanceof Error && thrown.message.startsWith('NOSCRIPT'))) throw thrown;
    return Number(await redis.call('EVAL', SCRIPT, keys.length, ...keys, ...args));
  }
}

/** In the hash slot of the stream, so that both fit in one script. */
function lastOffsetKey(stream: string, identity: string): string {
  const hashTag = /\{([^}]+)\}/.exec(stream)?.[1] ?? stream;
  return `distributary:{${hashTag}}:shipped:${identity}`;
}
