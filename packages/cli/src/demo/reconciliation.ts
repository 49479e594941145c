import { eventIdentity, groupStatus, StreamHistory } from '@distributary/core';
import { count, table } from '../format.ts';
import { type DemoHouse, STREAM } from './demo-house.ts';
import { TEAMS } from './reading.ts';

/** What the stores themselves hold at the end, compared by identity. */
export interface Reconciliation {
  readonly linesWritten: number;
  readonly entries: number;
  readonly teams: readonly TeamReconciliation[];
}

interface TeamReconciliation {
  readonly title: string;
  /** What the team's destination calls the things that it stores. */
  readonly unit: string;
  /** Undefined where the destination cannot be read back. */
  readonly stored: number | undefined;
  readonly duplicates: number;
  readonly deadLetters: number;
  /** Entries of the stream that the destination does not hold and that are no dead letters. */
  readonly missing: number;
}

export function isComplete({ linesWritten, entries, teams }: Reconciliation): boolean {
  return linesWritten === entries && teams.every(({ missing }) => missing === 0);
}

/** Reads the stream and both stores. */
export async function reconcile(house: DemoHouse, linesWritten: number): Promise<Reconciliation> {
  const identities = await identitiesOf(house);
  const [noc, security] = TEAMS;
  const documents = (await house.elasticsearch.stored('syslog-*')).map(({ id }) => id);
  const events = house.collector.kind === 'given' ? undefined : (await house.collector.stored()).map(({ id }) => id);
  return {
    linesWritten,
    entries: identities.size,
    teams: [
      await compare(house, noc, 'documents in Elasticsearch', identities, documents),
      await compare(house, security, 'events at the collector', identities, events),
    ],
  };
}

async function compare(
  { connection }: DemoHouse,
  { title, group }: (typeof TEAMS)[number],
  unit: string,
  identities: ReadonlySet<string>,
  stored: readonly string[] | undefined,
): Promise<TeamReconciliation> {
  const { deadLetters, pending, lagEntries } = await groupStatus(connection, { stream: STREAM, group });
  if (stored === undefined) {
    return { title, unit, stored: undefined, duplicates: 0, deadLetters, missing: pending + (lagEntries ?? 0) };
  }
  const ofThisStream = stored.filter((identity) => identities.has(identity));
  const distinct = new Set(ofThisStream).size;
  return {
    title,
    unit,
    stored: ofThisStream.length,
    duplicates: ofThisStream.length - distinct,
    deadLetters,
    missing: identities.size - distinct - deadLetters,
  };
}

async function identitiesOf({ connection }: DemoHouse): Promise<Set<string>> {
  const identities = new Set<string>();
  for await (const page of new StreamHistory(connection, STREAM).pages({ from: '-', to: '+' })) {
    for (const entry of page) identities.add(eventIdentity(entry));
  }
  return identities;
}

export function reconciliationText(reconciliation: Reconciliation): string {
  const { linesWritten, entries, teams } = reconciliation;
  const rows = teams.map(({ title, unit, stored, duplicates, deadLetters, missing }) => [
    title,
    stored === undefined ? 'not readable' : count(stored),
    unit,
    count(duplicates),
    count(deadLetters),
    count(missing),
  ]);
  const header = ['team', 'stored', '', 'duplicates', 'dead letters', 'missing'];
  const verdict = isComplete(reconciliation)
    ? 'Every line is in the stream, and every entry is with both teams.'
    : 'Something is missing: see above.';
  return [
    `lines written into the pipe   ${count(linesWritten)}`,
    `entries in the stream         ${count(entries)}`,
    '',
    table(header, rows),
    '',
    verdict,
  ].join('\n');
}
