import type { EntryId } from '@distributary/core';
import { InvalidArgumentError } from 'commander';

const TIME = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})?)?$/;
const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** The first or the last place of a range of a stream. */
export interface StreamBound {
  /** As XRANGE takes it. */
  readonly place: EntryId | `(${EntryId}`;
  readonly timeMs: number;
}

/**
 * Where a range begins: a time such as `2026-11-01T10:00` (UTC unless it says otherwise), a span ago such as `15m`, or an
 * entry ID. @throws InvalidArgumentError
 */
export function rangeStart(text: string): StreamBound {
  return boundOf(text) ?? boundAt(timeOf(text), '');
}

/** Where a range ends: as `rangeStart`; an entry ID belongs to the range, a time does not. @throws InvalidArgumentError */
export function rangeEnd(text: string): StreamBound {
  return boundOf(text) ?? boundAt(timeOf(text), '(');
}

/** @throws InvalidArgumentError */
export function entryId(text: string): EntryId {
  if (/^\d{1,20}-\d{1,20}$/.test(text)) return text as EntryId;
  throw new InvalidArgumentError('Write an entry ID as Redis does, such as 1762000000000-0.');
}

function boundOf(text: string): StreamBound | undefined {
  if (!/^\d+-\d+$/.test(text)) return undefined;
  return { place: entryId(text), timeMs: Number.parseInt(text, 10) };
}

function boundAt(timeMs: number, open: '' | '('): StreamBound {
  return { place: `${open}${timeMs}-0` as StreamBound['place'], timeMs };
}

function timeOf(text: string): number {
  const [, digits = '', unit = ''] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  if (unit !== '') return Math.max(0, Date.now() - Number(digits) * (UNIT_MS[unit] ?? 0));
  const [, zone] = TIME.exec(text) ?? [];
  const time = TIME.test(text) ? Date.parse(zone === undefined && text.includes('T') ? `${text}Z` : text) : Number.NaN;
  if (time >= 0) return time;
  throw new InvalidArgumentError('Write a time as 2026-11-01T10:00 (UTC), a span ago as 15m, or an entry ID.');
}
