import { Entry } from '@distributary/core';
import { toEvent } from './mapping.ts';

/** What this team would send for a line, as JSON text: for `distributary parse --consumer`. */
export function preview(line: string): string {
  return toEvent(line, new Entry(`${Date.now()}-0`, [Buffer.from('line'), Buffer.from(line)]));
}
