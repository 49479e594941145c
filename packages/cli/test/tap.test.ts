import { until } from '@distributary/testing';
import { expect, it } from 'vitest';
import { run, start } from './distributary.ts';
import { GROUP, GroupByHand, STREAM } from './group-by-hand.ts';

const TAP = ['tap', '--stream', STREAM, '--group', GROUP];

it('shows each change of each matching entry as it happens, and the group does not notice', async () => {
  await using group = await GroupByHand.start();
  await group.add('line', 'deny from before the tap');
  await using tap = start([...TAP, '--grep', 'line=deny', '--json'], group.environment);
  const seen = (state: string) => until(() => tap.log().find((change) => change['state'] === state));
  // It begins at what is added once it looks: entries until the first of them is seen.
  const first = await until(async () => {
    await group.add('line', 'permit 1');
    const id = await group.add('line', 'deny 1');
    return tap.log().length > 0 && id;
  });
  const { id } = await seen('toCome');
  await group.handOut('reader', 10_000);
  expect(await seen('pending')).toMatchObject({ consumer: 'reader', deliveries: 1 });
  await group.acknowledge(id as never);
  expect(await seen('acknowledged')).toMatchObject({ id, fields: [['line', 'deny 1']] });
  await group.setAside(first);
  expect(await seen('deadLetter')).toMatchObject({ id: first, envelope: { verdict: 'rejected', attempts: 2 } });
  expect(tap.stdout()).not.toContain('permit');
  expect(tap.stdout()).not.toContain('from before the tap');
  const consumers = (await group.admin.call('XINFO', 'CONSUMERS', STREAM, GROUP)) as unknown[][];
  expect(consumers.map(([, name]) => String(name))).toEqual(['reader']);
  expect(await tap.end('SIGINT')).toEqual({ code: 0, signal: null });
});

it('begins in the past, ends at its limit, and lets no payload speak to the terminal', async () => {
  await using group = await GroupByHand.start();
  const evil = Buffer.from('\u001b]0;owned\u0007 \u009b31m \u202e fine', 'utf8');
  const one = await group.add('line', evil);
  const two = await group.add('line', 'plain', 'host', 'fw-1');
  await group.add('line', 'beyond the limit');
  await group.handOut('reader', 2);
  await group.acknowledge(one);
  await group.setAside(two);
  const args = [...TAP, '--from', '10m', '--limit', '2'];
  const { code, stdout } = await run(args, { environment: group.environment });
  expect(code).toBe(0);
  const lines = stdout.trimEnd().split('\n');
  expect(lines).toHaveLength(2);
  expect(lines[0]).toContain(`${one}  acknowledged  \\x1b]0;owned\\x07 \\x9b31m \\u202e fine`);
  expect(lines[1]).toContain(`${two}  deadLetter    by host-1, rejected: the destination refused it  plain host=fw-1`);
});

it('refuses a group that is not there', async () => {
  await using group = await GroupByHand.start();
  const { code, stderr } = await run(['tap', '--stream', STREAM, '--group', 'nobody'], {
    environment: group.environment,
  });
  expect(stderr).toContain(`There is no group nobody on the stream ${STREAM}. Look at npx distributary status`);
  expect(code).toBe(1);
});
