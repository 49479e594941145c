import { Entry } from '@distributary/core';
import { toEvent } from './mapping.ts';

/** What this team would store for a line, as JSON text: `distributary parse --consumer consumers/security`. */
export function preview(line: string): string {
  return toEvent(line, new Entry(`${Date.now()}-0`, [Buffer.from('line'), Buffer.from(line)]));
}
