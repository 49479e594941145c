import { InvalidArgumentError } from 'commander';

const MAX_SPAN_MS = 86_400_000;

/** @throws InvalidArgumentError unless it is a whole number from 1 on */
export function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('Give a whole number from 1 on.');
  return value;
}

/** @throws InvalidArgumentError unless it is a whole number from 0 on */
export function wholeNumber(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) {
    throw new InvalidArgumentError('Give a whole number from 0 on.');
  }
  return value;
}

/** A TCP port, or 0 for none. @throws InvalidArgumentError */
export function portNumber(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= 65_535) return value;
  throw new InvalidArgumentError('Give a port from 1 to 65535, or 0 for none.');
}

/** Permissions, such as `660`. @throws InvalidArgumentError */
export function octal(text: string): number {
  if (!/^0?[0-7]{3}$/.test(text)) throw new InvalidArgumentError('Write it as three octal digits, such as 660.');
  return Number.parseInt(text, 8);
}

/** Milliseconds of `30s`, `5m` or `1h`. @throws InvalidArgumentError */
export function span(text: string): number {
  const [, digits = '', unit = ''] = /^(\d+)(s|m|h)$/.exec(text) ?? [];
  const ms = Number(digits) * ({ s: 1_000, m: 60_000, h: 3_600_000 }[unit] ?? 0);
  if (ms >= 1_000 && ms <= MAX_SPAN_MS) return ms;
  throw new InvalidArgumentError('Write it as 30s, 5m or 1h: at least a second, at most a day.');
}
