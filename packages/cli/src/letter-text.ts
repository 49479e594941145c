import { isUtf8 } from 'node:buffer';
import type { FiledLetter } from '@distributary/replay';
import { count, printableJson, table } from './format.ts';

/** What many dead letters have in common. */
export interface LetterSummary {
  readonly count: number;
  readonly oldest: string | null;
  readonly newest: string | null;
  /** The most frequent first. */
  readonly reasons: readonly { readonly count: number; readonly verdict: string; readonly reason: string }[];
}

/** Counts dead letters by verdict and reason. */
export class LetterTally {
  readonly #reasons = new Map<string, { count: number; readonly verdict: string; readonly reason: string }>();
  #count = 0;
  #first: FiledLetter | undefined;
  #last: FiledLetter | undefined;

  add(letter: FiledLetter): void {
    const { verdict, reason } = letter.envelope;
    const key = `${verdict} ${reason}`;
    const known = this.#reasons.get(key);
    if (known) known.count++;
    else this.#reasons.set(key, { count: 1, verdict, reason });
    this.#count++;
    this.#first ??= letter;
    this.#last = letter;
  }

  get first(): FiledLetter | undefined {
    return this.#first;
  }

  get last(): FiledLetter | undefined {
    return this.#last;
  }

  get summary(): LetterSummary {
    return {
      count: this.#count,
      oldest: this.#first?.envelope.setAsideAt ?? null,
      newest: this.#last?.envelope.setAsideAt ?? null,
      reasons: [...this.#reasons.values()].sort((a, b) => b.count - a.count),
    };
  }
}

const REASONS_SHOWN = 10;
const REASON_WIDTH = 100;

export function summaryText({ count: total, oldest, newest, reasons }: LetterSummary, group: string): string {
  const heading = `${count(total)} dead letters of ${group}`;
  if (total === 0) return `${heading}\n`;
  const rows = reasons.slice(0, REASONS_SHOWN).map((some) => [count(some.count), some.verdict, cut(some.reason)]);
  const more = reasons.length > REASONS_SHOWN ? `  and ${count(reasons.length - REASONS_SHOWN)} more reasons\n` : '';
  return `${heading}, set aside from ${oldest} to ${newest}\n${table(['', 'verdict', 'reason'], rows).replace(/^/gm, '  ')}\n${more}`;
}

const HEADER = ['id', 'set aside', 'entry', 'verdict', 'again', 'attempts', 'reason'];

export function letterTable(letters: readonly FiledLetter[]): string {
  const rows = letters.map(({ id, envelope }) => [
    id,
    envelope.setAsideAt,
    envelope.entryId,
    envelope.verdict,
    envelope.redriven === undefined ? '' : `${envelope.redriven} ×`,
    String(envelope.attempts),
    cut(envelope.reason),
  ]);
  return `${table(HEADER, rows)}\n`;
}

/** A dead letter in full, as text that a terminal can be trusted with. */
export function letterText({ id, envelope, entry }: FiledLetter): string {
  const about = Object.entries({ id, ...envelope }).map(([name, value]) => `${name}: ${bare(String(value))}\n`);
  const fields = [...entry.fields()].map(([name, value]) => `  ${bytesText(name)} = ${bytesText(value)}\n`);
  return `${about.join('')}fields:\n${fields.join('')}`;
}

/** A dead letter in full, as an object of JSON; bytes that are not UTF-8 are in Base64. */
export function letterJson({ id, envelope, entry }: FiledLetter): object {
  const fields = [...entry.fields()].map(([name, value]) => ({ name: bytesJson(name), value: bytesJson(value) }));
  return { id, ...envelope, fields };
}

function bytesText(bytes: Buffer): string {
  return isUtf8(bytes) ? printableJson(bytes.toString()) : `base64 ${bytes.toString('base64')}`;
}

function bytesJson(bytes: Buffer): string | { readonly base64: string } {
  return isUtf8(bytes) ? bytes.toString() : { base64: bytes.toString('base64') };
}

function cut(reason: string): string {
  const text = bare(reason);
  return text.length > REASON_WIDTH ? `${text.slice(0, REASON_WIDTH - 1)}…` : text;
}

function bare(text: string): string {
  return printableJson(text).slice(1, -1).replaceAll('\\"', '"');
}
