import { InvalidArgumentError } from 'commander';

/** @throws InvalidArgumentError unless it is a whole number from 1 on */
export function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('Give a whole number from 1 on.');
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
