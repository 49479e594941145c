import type { EntryId } from '@distributary/core';
import type { DeadLetterStream, FiledLetter, LetterSelection } from '@distributary/replay';
import type { Command } from 'commander';
import { positiveInteger } from './arguments.ts';
import { entryId, rangeEnd, rangeStart, type StreamBound } from './stream-bound.ts';

/** Which dead letters, as options say it. */
export interface SelectionOptions {
  readonly id?: readonly EntryId[];
  readonly reason?: string;
  readonly verdict?: string;
  readonly from?: StreamBound;
  readonly to?: StreamBound;
  readonly limit?: number;
}

/** Adds the options that select dead letters. */
export function selectionOptions(command: Command): Command {
  return command
    .option('--id <id...>', "only these, by the dead letter's own ID", collectIds)
    .option('--reason <text>', 'only those whose reason holds this text')
    .option('--verdict <verdict>', 'only rejected, undecodable, oversize or crashed ones')
    .option('--from <time|id>', 'only those set aside from then on, such as 2026-11-01T10:00', rangeStart)
    .option('--to <time|id>', 'only those set aside before that time, or up to that ID', rangeEnd)
    .option('--limit <n>', 'the oldest so many of them', positiveInteger);
}

export function selectionOf({ id, reason, verdict, from, to }: SelectionOptions): LetterSelection {
  return { ids: id, reason, verdict, range: { from: from?.place ?? '-', to: to?.place ?? '+' } };
}

/** Whether nothing restricts the selection. */
export function selectsAll({ id, reason, verdict, from, to, limit }: SelectionOptions): boolean {
  return [id, reason, verdict, from, to, limit].every((option) => option === undefined);
}

/** The selected dead letters, oldest first, one by one. @throws RedisUnavailableError */
export async function* selectedLetters(
  letters: DeadLetterStream,
  selection: LetterSelection,
  limit: number = Infinity,
): AsyncGenerator<FiledLetter, void, void> {
  let left = limit;
  for await (const page of letters.select(selection)) {
    for (const letter of page) {
      if (left-- <= 0) return;
      yield letter;
    }
  }
}

function collectIds(text: string, before: readonly EntryId[] = []): EntryId[] {
  return [...before, entryId(text)];
}
