import { readTeam, type Team } from './team.ts';

/** What is read where nobody says otherwise. */
export const DEFAULT_STREAM = 'syslog_stream';

/** A stream, and the teams whose packages declare it. */
export interface DeclaredStream {
  readonly stream: string;
  readonly teams: readonly Team[];
}

/**
 * The streams that were named and those of the packages, or else the default one.
 * @throws UsageError when a package is none
 */
export async function streamsOf(packages: readonly string[], named: readonly string[] = []): Promise<DeclaredStream[]> {
  const teams = await Promise.all(packages.map(readTeam));
  const streams = [...named, ...teams.map(({ stream }) => stream)];
  return [...new Set(streams.length > 0 ? streams : [DEFAULT_STREAM])].map((stream) => ({
    stream,
    teams: teams.filter((team) => team.stream === stream),
  }));
}
