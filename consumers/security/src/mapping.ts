import { type Entry, type JsonLine, jsonLine, originJson } from '@distributary/core';
import { toEcsJson } from '@distributary/syslog';

/**
 * The event of a line: ECS, with the raw line unchanged as `event.original`, for what Compliance keeps must be what the
 * firewall said, and where it came from as `distributary`.
 */
export function toEvent(line: string, entry: Entry): JsonLine {
  return jsonLine(toEcsJson(line, { receivedAt: entry.timestamp }, `"distributary":${originJson(entry, line)}`));
}
