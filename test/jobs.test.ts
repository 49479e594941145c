import { describeWithRedisProcess, type StartedProcess, until } from '@distributary/testing';
import { expect, it } from 'vitest';
import { consumerPids, startCommand } from './commands.ts';
import { entryIds, House, NOC } from './house.ts';
import { firewallLines } from './lines.ts';

const GROUP = 'noc_team';

/** What an operator's command about the team's group ends with. */
async function operate(house: House, ...args: string[]) {
  await using command = startCommand([...args, '--group', GROUP], house.environment);
  const { code } = await command.ended;
  return { code, stdout: command.stdout(), stderr: command.stderr() };
}

async function start(house: House, name: string, environment: Record<string, string> = {}): Promise<StartedProcess> {
  const consumer = startCommand(['run', NOC], { ...house.environment, DISTRIBUTARY_CONSUMER: name, ...environment });
  await until(() => consumer.log().some(({ msg }) => msg === 'running'));
  return consumer;
}

async function killConsumer(supervisor: StartedProcess): Promise<void> {
  const [pid] = consumerPids(supervisor);
  process.kill(Number(pid), 'SIGKILL');
}

describeWithRedisProcess('after a kill', () => {
  it('a replay delivers at once what the killed process held', async () => {
    await using house = await House.open();
    // So long that nobody takes anything over unless told to.
    const patient = { DISTRIBUTARY_CLAIM_IDLE_MS: '600000' };
    await house.elasticsearch.faults?.set({ kind: 'slow', ms: 60_000 });
    await using killed = await start(house, 'killed', patient);
    const ids = await house.add(firewallLines(60));
    await until(async () => (await house.status(GROUP)).pending === 60);
    killed.process.kill('SIGSTOP');
    await killConsumer(killed);
    await killed.end('SIGKILL');
    await house.elasticsearch.faults?.clear();

    await using _successor = await start(house, 'successor', patient);
    await until(async () => (await operate(house, 'replay', '--idle', '1s', '--dry-run')).stdout.includes('killed-1'));
    const { code, stdout } = await operate(house, 'replay', '--idle', '1s');
    expect(stdout).toContain('replay 1 done: 60 delivered, 0 set aside');
    expect(code).toBe(0);
    expect(entryIds(await house.nocCopies())).toEqual([...ids].sort());
    expect((await house.status(GROUP)).pending).toBe(0);
  });

  it('a redrive goes on where its process was killed: every dead letter is delivered once, and none is left', async () => {
    await using house = await House.open();
    await house.elasticsearch.faults?.set({ kind: 'items', status: 400, containing: 'refused' });
    await using consumer = await start(house, 'noc');
    const ids = await house.add(firewallLines(12, 'refused'));
    await until(async () => (await house.status(GROUP)).deadLetters === 12);
    await house.elasticsearch.faults?.clear();

    await using redrive = startCommand(['redrive', '--group', GROUP, '--yes', '--rate', '4'], house.environment);
    await until(async () => (await house.nocCopies()).length > 2);
    await killConsumer(consumer);
    const { deadLetters } = await house.status(GROUP);
    expect((await house.nocCopies()).length + deadLetters).toBeGreaterThanOrEqual(12);
    expect((await redrive.ended).code).toBe(0);
    expect(consumer.log()).toContainEqual(
      expect.objectContaining({ msg: 'goes on with a job whose process ended', job: '1' }),
    );
    const copies = await house.nocCopies();
    expect(copies.map(({ entryId }) => entryId).sort()).toEqual([...ids].sort());
    expect(await house.status(GROUP)).toMatchObject({ deadLetters: 0, pending: 0 });
  });
});

describeWithRedisProcess('a backfill beside a live group', () => {
  it('fills another index with the same events, and changes nothing in the one that has them already', async () => {
    await using house = await House.open();
    const history = await house.add(firewallLines(300));
    await using _consumer = await start(house, 'noc');
    const range = ['--from', String(history[0]), '--to', String(history.at(-1)), '--yes'];
    const rebuilding = operate(
      house,
      'backfill',
      ...range,
      '--sink-override',
      'ELASTICSEARCH_INDEX=rebuilt-{yyyy.MM.dd}',
    );
    const live = await house.add(firewallLines(200, 'live'));
    expect(await rebuilding).toMatchObject({ code: 0 });
    await until(async () => (await house.nocCopies()).length === 500);
    const rebuilt = await house.elasticsearch.stored('rebuilt-*');
    const copies = await house.nocCopies();
    const identities = new Set(copies.filter(({ entryId }) => !live.includes(entryId)).map(({ identity }) => identity));
    expect(new Set(rebuilt.map(({ id }) => id))).toEqual(identities);

    expect(await operate(house, 'backfill', ...range)).toMatchObject({ code: 0 });
    expect((await house.nocCopies()).map(({ identity }) => identity).sort()).toEqual(
      copies.map(({ identity }) => identity).sort(),
    );
    await until(async () => (await house.status(GROUP)).pending === 0);
    expect(await house.status(GROUP)).toMatchObject({ lagEntries: 0, deadLetters: 0 });
  });
});
