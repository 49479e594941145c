import { type Batch, type DeliveryResult, Entry, type EntryId, Secret } from '@distributary/core';
import type { SiemSinkOptions } from '@distributary/sink-siem';

export const TOKEN = '7f1c2d3e-0000-4000-8000-5ec4e7704e11';

/** Entries with these lines, each added one millisecond after the last. */
export function batchOf(...lines: string[]): Batch<string> {
  return lines.map((line, i) => {
    const id: EntryId = `${1_700_000_000_000 + i}-0`;
    const entry = new Entry(id, [Buffer.from('line'), Buffer.from(line)]);
    return { id, entry, payload: line };
  });
}

export function numbered(count: number): Batch<string> {
  return batchOf(...Array.from({ length: count }, (_, i) => `line ${i}`));
}

export function optionsFor(url: string, more: Partial<SiemSinkOptions<string>> = {}): SiemSinkOptions<string> {
  return { url, token: new Secret(TOKEN), event: (line) => ({ event: { original: line } }), ...more };
}

export function statuses(results: readonly DeliveryResult[]): string[] {
  return results.map(({ status }) => status);
}

export const unaborted: AbortSignal = new AbortController().signal;
