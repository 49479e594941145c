import { stat, truncate } from 'node:fs/promises';
import { freePort } from '@distributary/testing';
import { appendOnlyFile } from '../append-only-file.ts';
import { auditAcknowledged } from './oracle.ts';
import type { Injection, Scenario } from './scenario.ts';
import { STREAM, TEAMS } from './site.ts';

/** What can happen to Redis itself. */
export const REDIS_SCENARIOS: readonly Scenario[] = [
  {
    name: 'redis-killed',
    lasts: { leastMs: 0, mostMs: 3_000 },
    async inject({ site, tally, lasted }) {
      await site.redis.kill();
      tally.kills++;
      tally.redisKills++;
      await lasted();
      await site.redis.restart();
    },
  },
  {
    // Where everything is synced before it is confirmed, a power cut takes nothing more than a kill does.
    name: 'redis-power-cut',
    lasts: { leastMs: 0, mostMs: 3_000 },
    async inject({ site, tally, random, lasted }) {
      const file = await appendOnlyFile(site.admin);
      await site.redis.kill();
      tally.kills++;
      tally.redisKills++;
      const { size } = await stat(file);
      const lost = site.fsync === 'always' ? 0 : Math.min(size, random.between(1, 64 * 1024));
      await truncate(file, size - lost);
      await lasted();
      await site.redis.restart();
    },
  },
  {
    name: 'redis-stopped',
    lasts: { leastMs: 1_000, mostMs: 8_000 },
    async inject({ site, lasted }) {
      await site.redis.pause();
      await lasted();
      await site.redis.resume();
    },
  },
  {
    name: 'redis-full',
    lasts: { leastMs: 500, mostMs: 4_000 },
    async inject({ site, lasted }) {
      await site.admin.config('SET', 'maxmemory', '1mb');
      await lasted();
      await site.admin.config('SET', 'maxmemory', '0');
    },
  },
  {
    name: 'redis-demoted',
    lasts: { leastMs: 500, mostMs: 4_000 },
    async inject({ site, lasted }) {
      await site.admin.replicaof('127.0.0.1', await freePort());
      await lasted();
      await site.admin.replicaof('NO', 'ONE');
    },
  },
  {
    name: 'redis-denies-a-command',
    lasts: { leastMs: 500, mostMs: 4_000 },
    async inject({ site, random, lasted }) {
      const command = random.pick(['xack', 'xreadgroup', 'xautoclaim', 'xclaim', 'xadd', 'multi']);
      await site.admin.call('ACL', 'SETUSER', 'default', `-${command}`);
      await lasted();
      await site.admin.call('ACL', 'SETUSER', 'default', `+${command}`);
    },
  },
  {
    name: 'redis-drops-its-clients',
    lasts: { leastMs: 0, mostMs: 200 },
    async inject({ site, lasted }) {
      await site.admin.call('CLIENT', 'KILL', 'TYPE', 'normal');
      await lasted();
    },
  },
  {
    name: 'group-destroyed',
    lasts: { leastMs: 0, mostMs: 200 },
    async inject({ site, random, tally, lasted }: Injection) {
      const team = site.teams[random.pick(TEAMS)];
      // Everything comes again afterwards, which would hide what was acknowledged too early.
      await auditAcknowledged(site, team, tally);
      tally.note(`${team.group} is destroyed`);
      await site.admin.xgroup('DESTROY', STREAM, team.group);
      await lasted();
    },
  },
];
