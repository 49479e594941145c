import { type Entry, type JsonLine, jsonLine, originJson } from '@distributary/core';
import { toEcsJson } from '@distributary/syslog';

/**
 * The document of a line: ECS, with the raw line as `event.original` and where it came from as `distributary`. An
 * object would do as well; text costs half of what an object and `JSON.stringify` do.
 */
export function toDocument(line: string, entry: Entry): JsonLine {
  return jsonLine(toEcsJson(line, { receivedAt: entry.timestamp }, `"distributary":${originJson(entry, line)}`));
}
