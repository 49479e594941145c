import {
  asError,
  compareEntryIds,
  type Entry,
  type EntryId,
  eventIdentity,
  type RedisConnection,
  StreamHistory,
} from '@distributary/core';
import { GroupLedger, type Standing } from './group-ledger.ts';
import { streamStatus } from './stream-status.ts';
import { loadTeam, type Team } from './team.ts';

/** What is known of one entry. */
export interface EntryTrace {
  readonly stream: string;
  readonly id: EntryId;
  /** ISO 8601: when Redis stored it, by its ID. */
  readonly addedAt: string;
  /** Whether the stream still holds it, how many bytes it has, and what destinations know it by. */
  readonly entry: { readonly bytes: number; readonly identity: string } | null;
  readonly groups: readonly GroupTrace[];
}

/** What one group made of it. A group that is declared and not there has no standing. */
export type GroupTrace = { readonly group: string; readonly destination?: DestinationTrace } & (
  | Standing
  /** Trimmed before the group could have it. */
  | { readonly state: 'lost' }
  /** The group is past it, and it is gone: acknowledged, or trimmed unread. */
  | { readonly state: 'gone' }
  | { readonly state: 'noGroup' }
);

/** What the destination itself says, or why it could not be asked. */
export type DestinationTrace =
  | { readonly name: string; readonly held: boolean }
  | { readonly name: string; readonly unknown: string };

interface TraceSubject {
  readonly stream: string;
  readonly id: EntryId;
  readonly teams: readonly Team[];
  readonly environment: NodeJS.ProcessEnv;
}

/** @throws RedisUnavailableError */
export async function traceEntry(connection: RedisConnection, subject: TraceSubject): Promise<EntryTrace> {
  const { stream, id, teams } = subject;
  const entry = await new StreamHistory(connection, stream).entry(id);
  const { groups } = await streamStatus(connection, stream, teams);
  return {
    stream,
    id,
    addedAt: new Date(Math.min(Number.parseInt(id, 10), MAX_DATE_MS)).toISOString(),
    entry: entry ? { bytes: entry.byteLength, identity: eventIdentity(entry) } : null,
    groups: await Promise.all(
      groups.map(async ({ group, exists, lastDeliveredId }): Promise<GroupTrace> => {
        if (!exists) return { group, state: 'noGroup' };
        const ledger = new GroupLedger(connection, { stream, group }, { from: id, to: id });
        const standing = (await ledger.standings([id])).get(id) as Standing;
        const team = teams.find((candidate) => candidate.group === group);
        const destination = team && entry ? await askDestination(team, entry, subject.environment) : undefined;
        const asked = destination ? { destination } : {};
        if (entry || standing.state === 'pending' || standing.state === 'deadLetter') {
          return { group, ...standing, ...asked };
        }
        const passed = lastDeliveredId !== null && compareEntryIds(id, lastDeliveredId) <= 0;
        return { group, state: passed ? 'gone' : 'lost', ...asked };
      }),
    ),
  };
}

/** The last moment that a Date can hold. */
const MAX_DATE_MS = 8.64e15;

async function askDestination(
  team: Team,
  entry: Entry,
  environment: NodeJS.ProcessEnv,
): Promise<DestinationTrace | undefined> {
  const { audit } = await loadTeam(team);
  if (audit === undefined) return { name: team.name, unknown: 'its package exports no audit(environment)' };
  try {
    const destination = audit(environment);
    try {
      const held = await destination.held([entry], new AbortController().signal);
      return { name: destination.name, held: held.has(entry.id) };
    } finally {
      await destination.close?.();
    }
  } catch (thrown) {
    return { name: team.name, unknown: asError(thrown).message };
  }
}
