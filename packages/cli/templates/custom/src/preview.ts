import { Entry } from '@distributary/core';
import { toDocument } from './mapping.ts';

/** What this team would store for a line, as JSON text: for `distributary parse --consumer`. */
export function preview(line: string): string {
  return toDocument(line, new Entry(`${Date.now()}-0`, [Buffer.from('line'), Buffer.from(line)]));
}
