import { compareEntryIds, type EntryId, groupStatus } from '@distributary/core';
import { REPLICAS, type Site, STREAM, TEAMS, type Team } from './site.ts';
import { type Copy, isToBeSetAside, readCopies, readDeadLetters, readStream, type StreamEntry } from './stored.ts';
import type { Tally } from './tally.ts';
import type { Traffic } from './traffic.ts';

/** What a killed reader of the pipe may have read and not yet logged. */
const READ_BYTES = 64 * 1024;

/** What a round came to, in numbers. */
export interface Counts {
  readonly entries: number;
  /** Entries that a destination stored or recognised. */
  readonly deliveries: number;
  /** Of those, ones that it had already, under the same identity. */
  readonly duplicates: number;
  readonly deadLetters: number;
  /** Of those, entries whose process was killed twice while it delivered them alone: they look like the cause. */
  readonly convicted: number;
  readonly missing: number;
  /** Lines that a killed reader of the pipe took with it. */
  readonly linesLostInThePipe: number;
  /** Entries that Redis had and has no more, which only one that is killed between two syncs may. */
  readonly lostByRedis: number;
}

/**
 * Looks, amid the faults, whether a group has acknowledged what its destination has not: Redis first and then the
 * destination, which can only have gained since.
 */
export async function auditAcknowledged(site: Site, team: Team, tally: Tally): Promise<void> {
  const seen = await readAcknowledged(site, team).catch(() => undefined);
  if (!seen) return;
  const copies = new Set((await readCopies(team)).map(({ identity }) => identity));
  const letters = await readDeadLetters(site, team).catch(() => undefined);
  if (!letters) return;
  const setAside = new Set(letters.map(({ id }) => id));
  const early = seen.filter(({ id, identity }) => !copies.has(identity) && !setAside.has(id));
  tally.note(`${seen.length} entries are acknowledged by ${team.group}, ${early.length} of them too early`);
  if (early.length > 0) tally.violated(`${team.group} acknowledged what is not stored: ${listed(early)}`);
}

/** Reads the stream, both destinations and the dead letters, and reports what is not as promised. */
export async function judge(site: Site, traffic: Traffic, tally: Tally): Promise<Counts> {
  const entries = await readStream(site);
  const gone = judgeStream(entries, { site, traffic, tally });
  const counts = { entries: entries.length, deliveries: 0, duplicates: 0, deadLetters: 0, convicted: 0, missing: 0 };
  for (const name of TEAMS) {
    const found = await judgeTeam(site, site.teams[name], entries, tally);
    for (const { entryId } of found.gone) gone.ids.add(entryId);
    counts.deliveries += found.deliveries;
    counts.duplicates += found.duplicates;
    counts.deadLetters += found.deadLetters;
    counts.convicted += found.convicted;
    counts.missing += found.missing;
  }
  return { ...counts, linesLostInThePipe: gone.linesInThePipe, lostByRedis: gone.ids.size + gone.linesOfRedis };
}

/** Entries up to the group's cursor that are not pending. */
async function readAcknowledged(site: Site, { group }: Team): Promise<StreamEntry[] | undefined> {
  const replies = await site.admin.multi().xinfo('GROUPS', STREAM).xpending(STREAM, group, '-', '+', 10_000_000).exec();
  const [[, groups], [, rows]] = replies as [[unknown, string[][]], [unknown, [string][]]];
  const info = groups.find((fields) => fields[1] === group);
  if (!info) return undefined;
  const pending = new Set(rows.map(([id]) => id));
  const entries = await readStream(site, info[info.indexOf('last-delivered-id') + 1] ?? '-');
  return entries.filter(({ id }) => !pending.has(id));
}

/** What is in no entry, and why it may be so. */
interface Gone {
  /** Of entries that Redis confirmed or handed out. */
  readonly ids: Set<string>;
  readonly linesOfRedis: number;
  readonly linesInThePipe: number;
}

function judgeStream(
  entries: readonly StreamEntry[],
  { site, traffic, tally }: { readonly site: Site; readonly traffic: Traffic; readonly tally: Tally },
): Gone {
  const stored = new Set<string>(entries.map(({ id }) => id));
  const ids = new Set(traffic.acknowledged.filter((id) => !stored.has(id)));
  if (ids.size > 0 && !mayLose(site, tally)) {
    tally.violated(`Redis lost ${ids.size} entries that it had confirmed, such as ${[...ids][0]}`);
  }
  const eids = entries.flatMap(({ eid }) => (eid === undefined ? [] : [eid]));
  const doubled = eids.length - new Set(eids).size;
  // Redis leaves a torn transaction out, and has it after all when it loads the same file once more.
  if (doubled > 0 && !mayLose(site, tally)) tally.violated(`${doubled} lines are in the stream twice under one eid`);
  return { ids, ...judgePipe(entries, { site, traffic, tally }) };
}

/** Lines go into the stream in their order, so that each kill costs one run of them: Redis's last ones, or a read. */
function judgePipe(
  entries: readonly StreamEntry[],
  { site, traffic, tally }: { readonly site: Site; readonly traffic: Traffic; readonly tally: Tally },
): Pick<Gone, 'linesOfRedis' | 'linesInThePipe'> {
  const arrived = new Set(entries.map(({ line }) => line?.toString('latin1')));
  const lost = traffic.piped.filter((line) => !arrived.has(line));
  const runs = traffic.piped.filter(
    (line, i) => !arrived.has(line) && (i === 0 || arrived.has(traffic.piped[i - 1])),
  ).length;
  const lostBytes = lost.join('\n').length;
  if (lostBytes <= tally.pipeReaderKills * READ_BYTES) return { linesOfRedis: 0, linesInThePipe: lost.length };
  const kills = tally.pipeReaderKills + (mayLose(site, tally) ? tally.redisKills : 0);
  if (!mayLose(site, tally) || runs > kills) {
    tally.violated(
      `${lost.length} lines (${lostBytes} bytes) of the pipe are in no entry, in ${runs} places, with ${kills} kills ` +
        `of the pipe's reader or Redis: ${lost[0]}`,
    );
  }
  return { linesOfRedis: lost.length, linesInThePipe: 0 };
}

/** Between two syncs Redis has confirmed what its append-only file does not hold yet. */
function mayLose({ fsync }: Site, { redisKills }: Tally): boolean {
  return fsync === 'everysec' && redisKills > 0;
}

async function judgeTeam(site: Site, team: Team, entries: readonly StreamEntry[], tally: Tally) {
  const { group } = team;
  const copies = await readCopies(team);
  const letters = await readDeadLetters(site, team);
  const byIdentity = new Map(entries.map((entry) => [entry.identity, entry]));
  const stored = new Set(copies.map(({ identity }) => identity));
  const setAside = new Set(letters.map(({ id }) => id));
  const due = entries.filter((entry) => !isToBeSetAside(entry, team));
  const doomed = entries.filter((entry) => isToBeSetAside(entry, team));

  const missing = due.filter(({ id, identity }) => !stored.has(identity) && !setAside.has(id));
  if (missing.length > 0) tally.violated(`${group} misses ${listed(missing)}`);
  const spared = doomed.filter(({ id }) => !setAside.has(id));
  if (spared.length > 0) tally.violated(`${group} has no dead letter of ${listed(spared)}`);
  const expected = new Set(doomed.map(({ id }) => id));
  const unexpected = letters.filter(({ id }) => !expected.has(id));
  const wrong = unexpected.filter(({ id, why }) => !(why.startsWith('crashed') && wasKilledTwiceWith(id, team)));
  if (wrong.length > 0) {
    tally.violated(`${group} set ${wrong.length} aside that nothing is wrong with: ${wrong[0]?.id} (${wrong[0]?.why})`);
  }
  const ids = new Set<string>(entries.map(({ id }) => id));
  const unknown = copies.filter(({ identity }) => !byIdentity.has(identity));
  const isGone = ({ entryId }: Copy) => mayLose(site, tally) && !ids.has(entryId);
  const foreign = unknown.filter((copy) => !isGone(copy));
  if (foreign.length > 0) {
    tally.violated(`${group} stored ${foreign.length} that the stream has not, such as ${foreign[0]?.identity}`);
  }
  const changed = copies.filter(({ identity, line }) => byIdentity.get(identity)?.line?.equals(line) === false);
  if (changed.length > 0) tally.violated(`${group} stored other bytes than entry ${changed[0]?.entryId} has`);
  await judgeDrained(site, team, tally);

  const recognised = (await team.fixture.counts())?.duplicates ?? 0;
  const duplicates = team.name === 'noc' ? recognised : copies.length - stored.size;
  const deliveries = team.name === 'noc' ? copies.length + recognised : copies.length;
  const convicted = unexpected.length - wrong.length;
  return {
    deliveries,
    duplicates,
    deadLetters: letters.length,
    convicted,
    missing: missing.length,
    gone: unknown.filter(isGone),
  };
}

/** Whether the logs bear the verdict out: two processes had it as a suspect and ended, before the one that gave it up. */
function wasKilledTwiceWith(id: EntryId, { command }: Team): boolean {
  const lines = command.logs().flatMap((log) => log.split('\n'));
  return lines.filter((line) => line.includes('"suspects"') && line.includes(`"${id}"`)).length >= 3;
}

async function judgeDrained(site: Site, { group }: Team, tally: Tally): Promise<void> {
  const status = await groupStatus(site.status, { stream: STREAM, group });
  if (status.pending > 0)
    tally.violated(`${group} has ${status.pending} entries pending, ${status.oldestPendingId} first`);
  if (status.lost > 0) tally.violated(`${group} counts ${status.lost} lost`);
  if (status.consumers.length > REPLICAS) tally.violated(`${group} has ${status.consumers.length} consumers`);
}

function listed(entries: readonly { readonly id: EntryId; readonly identity: string }[]): string {
  const some = [...entries].sort((a, b) => compareEntryIds(a.id, b.id)).slice(0, 5);
  return `${entries.length} entries, ${some.map(({ id, identity }) => `${id} (${identity})`).join(', ')}`;
}
