import { groupStatus } from '@distributary/core';
import { type DemoHouse, STREAM } from './demo-house.ts';

export const TEAMS = [
  { title: 'NOC', group: 'noc_team' },
  { title: 'Security', group: 'sec_team' },
] as const;

/** Where a team stands at one moment. */
interface TeamReading {
  readonly title: string;
  /** Entries of the stream that the team's destination has not confirmed yet. */
  readonly behind: number;
  readonly deadLetters: number;
}

/** Where everything stands at one moment. */
export interface Reading {
  readonly entries: number;
  readonly teams: readonly TeamReading[];
}

/** @throws RedisUnavailableError */
export async function read({ connection }: DemoHouse): Promise<Reading> {
  const teams = await Promise.all(
    TEAMS.map(async ({ title, group }) => {
      const { lagEntries, pending, deadLetters } = await groupStatus(connection, { stream: STREAM, group });
      return { title, behind: (lagEntries ?? 0) + pending, deadLetters };
    }),
  );
  return { entries: Number(await connection.call('XLEN', STREAM)), teams };
}
