import { groupKey } from '@distributary/core';
import { describeWithRedisProcess, freePort, type StartedProcess, until } from '@distributary/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runCommand } from './commands.ts';
import { House, NOC, SECURITY, STREAM } from './house.ts';
import { firewallLines } from './lines.ts';

/** Where the process of that name says what it does. */
async function portOf(supervisor: StartedProcess, name: string): Promise<number> {
  const started = ({ process, msg }: Record<string, unknown>) =>
    process === name && String(msg).startsWith('metrics and health');
  return Number((await until(() => supervisor.log().find(started)))['port']);
}

/** What a process of that name says of itself: the values of its counters and gauges. */
async function metricsOf(supervisor: StartedProcess, name: string): Promise<(metric: string) => number> {
  const port = await portOf(supervisor, name);
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return (metric) => {
    const line = text.split('\n').find((candidate) => candidate.startsWith(`distributary_${metric}{`));
    return Number(line?.split('} ')[1]);
  };
}

async function settled(house: House, ...groups: ('noc_team' | 'sec_team')[]): Promise<void> {
  for (const group of groups) {
    await until(
      async () => {
        const { lagEntries, pending, exists } = await house.status(group);
        return exists && lagEntries === 0 && pending === 0;
      },
      { timeoutMs: 30_000, describe: `${group} to have settled everything` },
    );
  }
}

describeWithRedisProcess('what the processes of two teams say of themselves', () => {
  let house: House;
  let run: StartedProcess;
  beforeAll(async () => {
    house = await House.open();
  });
  afterAll(() => house[Symbol.asyncDispose]());

  it('is exactly what the stores hold, through throttling, refusals, lost answers and loss', async () => {
    const lost = await house.add(firewallLines(20));
    await house.admin.xgroup('CREATE', STREAM, 'noc_team', '0');
    await house.admin.xreadgroup('GROUP', 'noc_team', 'dead', 'COUNT', 20, 'STREAMS', STREAM, '>');
    await house.admin.xtrim(STREAM, 'MAXLEN', 0);
    await house.elasticsearch.faults?.set({ kind: 'items', status: 400, containing: 'poison' });
    await house.collector.faults?.set({ kind: 'items', status: 400, containing: 'poison' });
    run = house.run(NOC, SECURITY, '--metrics-port', String(await freePort()));
    await settled(house, 'noc_team');

    const alone: string[] = [];
    for (const fault of [
      { kind: 'items', status: 429 },
      { kind: 'items', status: 503 },
      { kind: 'reset', after: 'commit' },
    ] as const) {
      await house.elasticsearch.faults?.next(1, fault);
      if (fault.kind === 'reset') await house.collector.faults?.next(1, fault);
      alone.push(...(await house.add(['alone'])));
      await settled(house, 'noc_team', 'sec_team');
    }
    const many = await house.add([...firewallLines(600), 'poison 1', ...firewallLines(300), 'poison 2', 'poison 3']);
    await settled(house, 'noc_team', 'sec_team');

    const added = alone.length + many.length;
    const noc = await metricsOf(run, 'noc');
    const deadLetters = await house.admin.xlen(groupKey(STREAM, 'noc_team', 'dead-letters'));
    const counts = await house.elasticsearch.counts();
    expect(deadLetters).toBe(3);
    expect({
      delivered: noc('delivered_total'),
      duplicates: noc('duplicates_total'),
      rejected: noc('rejected_total'),
      deadLettered: noc('dead_lettered_total'),
      deadLetters: noc('dead_letters'),
      retried: noc('retried_total'),
      lost: noc('lost_total'),
      pending: noc('pending_entries'),
      lag: noc('lag_entries'),
      inHand: noc('in_hand_entries'),
    }).toEqual({
      delivered: counts?.stored,
      duplicates: counts?.duplicates,
      rejected: deadLetters,
      deadLettered: deadLetters,
      deadLetters,
      retried: 2,
      lost: lost.length,
      pending: 0,
      lag: 0,
      inHand: 0,
    });
    expect(counts).toMatchObject({ stored: added - 3, duplicates: 1 });
    expect(noc('batch_entries_sum')).toBe(added + 2);
    expect(noc('delivery_seconds_count')).toBe(noc('batch_entries_count'));

    const security = await metricsOf(run, 'security');
    const received = await house.collector.counts();
    expect(security('delivered_total')).toBe((await house.securityCopies()).length - (received?.duplicates ?? 0));
    expect(security('delivered_total')).toBe(added - 3);
    expect(security('duplicates_total')).toBe(0);
    expect(security('dead_lettered_total')).toBe((await house.status('sec_team')).deadLetters);
  });

  it('is that a destination refuses everything, and what to do: on its own port, in status and in top, until it is over', async () => {
    await house.elasticsearch.faults?.set({ kind: 'status', status: 401 });
    await house.add(['waiting']);
    const isHeld = async () => (await metricsOf(run, 'noc'))('held') === 1;
    await until(isHeld);
    const port = await portOf(run, 'noc');
    const ask = async (path: string) => {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`);
      return { status: answer.status, text: await answer.text() };
    };
    const remedy = 'Check ELASTICSEARCH_API_KEY';
    const { text } = await until(async () => {
      const ready = await ask('/ready');
      return ready.status === 503 && ready.text.includes('held') && ready;
    });
    expect(JSON.parse(text)).toMatchObject({
      ready: false,
      reasons: [{ part: 'sink', state: 'held', remedy: expect.stringContaining(remedy) }],
    });
    const looks = [
      runCommand(['status', NOC], house.environment),
      runCommand(['top', NOC, '--once'], house.environment),
    ];
    for (const look of await Promise.all(looks)) expect(look.stdout).toContain(remedy);

    await house.elasticsearch.faults?.clear();
    await until(async () => (await ask('/ready')).status === 200);
    expect(await isHeld()).toBe(false);
    await until(async () => (await house.admin.exists(groupKey(STREAM, 'noc_team', 'troubles'))) === 0);
  });
});
