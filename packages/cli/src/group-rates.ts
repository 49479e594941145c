import type { StreamStatus, WatchedGroup } from './stream-status.ts';

/** Entries per second between two looks; null where it takes a second look, or a Redis that counts (7.0). */
export interface GroupRates {
  /** Added to the stream. */
  readonly added: number | null;
  /** Handed out to the group. */
  readonly read: number | null;
  /** Acknowledged by the group: delivered, or set aside. */
  readonly done: number | null;
}

/** One look at the streams: when, and what was there. */
export interface Look {
  readonly atMs: number;
  readonly streams: readonly StreamStatus[];
}

/** How fast a group has moved since the last look. */
export function ratesOf(group: WatchedGroup, now: Look, before: Look | undefined): GroupRates {
  const earlier = before?.streams
    .flatMap(({ groups }) => groups)
    .find(({ stream, group: name }) => stream === group.stream && name === group.group);
  const seconds = (now.atMs - (before?.atMs ?? now.atMs)) / 1_000;
  const rate = (value: (of: WatchedGroup) => number | null): number | null => {
    const [from, to] = [earlier && value(earlier), value(group)];
    // A counter that went back began anew: another server, or a group that was created again.
    if (from === undefined || from === null || to === null || to < from || seconds <= 0) return null;
    return (to - from) / seconds;
  };
  return {
    added: rate(({ entriesAdded }) => entriesAdded),
    read: rate(({ entriesRead }) => entriesRead),
    done: rate(({ entriesRead, pending }) => (entriesRead === null ? null : entriesRead - pending)),
  };
}
