import { createHash } from 'node:crypto';
import type { Piece } from './line-batch.ts';
import type { RedisCommands } from './redis-commands.ts';

/**
 * Adds lines to a stream, and leaves out those that it has added before. Adds nothing when Redis has lost lines that it
 * had confirmed: the script writes the stream and the last offset together, and so they are lost together.
 *
 *     KEYS  the stream · the offset of the last line of this shipper and boot that the stream has
 *     ARGV  what stands before an offset in an eid · seconds to remember the last offset · the last offset that was
 *           confirmed, or -1 · offset, lines · offset, lines · …
 *
 * Lines end in a newline and follow each other in the input, so that a line's offset is that of its first byte; the
 * script splits them, for 2,000 arguments cost the client and Redis more than two. It replies with the number of lines
 * added; where the last offset is behind what was confirmed, with an array that has it. When XADD fails midway, what was
 * added is remembered before the error is passed on.
 */
const SCRIPT = `
local remembered = redis.call('GET', KEYS[2])
local last = tonumber(remembered or '-1')
if last < tonumber(ARGV[3]) then return {remembered} end
local added = 0
local refusal = false
for i = 4, #ARGV, 2 do
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
if added > 0 or remembered and #ARGV == 3 then
  redis.call('SET', KEYS[2], string.format('%.0f', last), 'EX', ARGV[2])
end
return refusal or added
`;

const DIGEST = createHash('sha1').update(SCRIPT).digest('hex');

/** How long Redis remembers the last offset of a shipper that does not run: 30 days. */
const REMEMBERED_SECONDS = 30 * 24 * 60 * 60;

/** Where lines go and what Redis should have of them. */
export interface AppendTarget {
  readonly stream: string;
  /** The first two parts of the lines' eids. */
  readonly name: string;
  readonly boot: string;
  /** The offset of the last line that Redis has confirmed; undefined: none. */
  readonly confirmed: number | undefined;
}

/**
 * How many lines were added, the others the stream had already; or that Redis is behind what it has confirmed: it
 * remembers that offset as the last one, undefined: none.
 */
export type Appended =
  | { readonly status: 'added'; readonly lines: number }
  | { readonly status: 'behind'; readonly remembered: number | undefined };

/** @param pieces none: asks what Redis remembers, and has it remember that for as long again */
export async function appendLines(
  redis: RedisCommands,
  target: AppendTarget,
  pieces: readonly Piece[],
): Promise<Appended> {
  const { stream, name, boot, confirmed = -1 } = target;
  const identity = `${name}.${boot}`;
  const keys = [stream, lastOffsetKey(stream, identity)];
  const args = [
    `${identity}.`,
    REMEMBERED_SECONDS,
    confirmed,
    ...pieces.flatMap(({ offset, bytes }) => [offset, bytes]),
  ];
  const reply = await redis.call('EVALSHA', DIGEST, keys.length, ...keys, ...args).catch((thrown: unknown) => {
    if (!(thrown instanceof Error && thrown.message.startsWith('NOSCRIPT'))) throw thrown;
    return redis.call('EVAL', SCRIPT, keys.length, ...keys, ...args);
  });
  if (!Array.isArray(reply)) return { status: 'added', lines: Number(reply) };
  const [remembered] = reply;
  return { status: 'behind', remembered: remembered == null ? undefined : Number(remembered) };
}

/** In the hash slot of the stream, so that both fit in one script. */
function lastOffsetKey(stream: string, identity: string): string {
  const hashTag = /\{([^}]+)\}/.exec(stream)?.[1] ?? stream;
  return `distributary:{${hashTag}}:shipped:${identity}`;
}
