import { describeRedis, redisFromEnvironment } from '@distributary/core';
import { Command } from 'commander';
import pc from 'picocolors';
import { positiveInteger } from '../arguments.ts';
import { type Diagnosis, diagnose } from '../diagnosis/diagnosis.ts';
import type { Finding } from '../diagnosis/finding.ts';
import { EXIT, type SetExit } from '../exit.ts';
import { readTeam } from '../team.ts';

interface DoctorOptions {
  readonly awayAfter: number;
  readonly json?: true;
}

const EXAMPLES = `
Examples:
  npx distributary doctor consumers/noc                         with the environment of its consumer
  npx distributary doctor consumers/* | grep -v '^ok'
  REDIS_USERNAME=monitor REDIS_PASSWORD_FILE=/run/secrets/monitor npx distributary doctor consumers/noc
  npx distributary doctor consumers/* --json | jq '.diagnoses[].findings[] | select(.level == "problem")'

Looks at Redis (version, eviction, persistence, clock) and at each team: its group, its lag against lagSlo, consumers
that are gone, dead letters against the quota, what its user of Redis may do (ACL DRYRUN, Redis 7.0 or newer; the user
named as the package, else the one that asks), and whether its sink could write. Changes and stores nothing.
Reads REDIS_URL, REDIS_USERNAME and what the packages need; credentials are used here, and shown nowhere.
Exit codes: 0 no problems, perhaps warnings · 1 problems, each with its remedy · 2 wrong arguments or package`;

export function doctorCommand(setExit: SetExit): Command {
  return new Command('doctor')
    .description('look for what is wrong with each declared team and with Redis, and say what to do')
    .argument('<package...>', 'folders of consumer packages, such as consumers/noc')
    .option('--away-after <seconds>', 'after how long without a word a consumer is away', positiveInteger, 60)
    .option('--json', 'print one JSON object')
    .addHelpText('after', EXAMPLES)
    .action(async (packages: string[], { json, awayAfter }: DoctorOptions) => {
      const teams = await Promise.all(packages.map(readTeam));
      const redis = redisFromEnvironment(process.env);
      const diagnoses = await diagnose(teams, redis, { environment: process.env, awayAfterMs: awayAfter * 1_000 });
      const at = new Date().toISOString();
      if (json) process.stdout.write(`${JSON.stringify({ at, redis: describeRedis(redis), diagnoses })}\n`);
      else process.stdout.write(diagnoses.map(textOf).join(''));
      if (diagnoses.some(({ findings }) => findings.some(({ level }) => level === 'problem'))) setExit(EXIT.failed);
    });
}

const COLOURS = { ok: pc.green, warning: pc.yellow, problem: pc.red } as const;
const LEVEL_WIDTH = 'problem'.length;

function textOf({ team, owner, findings }: Diagnosis): string {
  const whose = team ?? 'all';
  return findings.map((finding) => `${lineOf(finding, whose, owner)}\n`).join('');
}

function lineOf({ level, check, says, remedy }: Finding, whose: string, owner: string | null): string {
  const tell = level === 'problem' && owner ? ` (${owner})` : '';
  const doing = remedy === null ? '' : ` → ${remedy}`;
  return `${COLOURS[level](level.padEnd(LEVEL_WIDTH))}  ${whose}${tell}: ${check}: ${says}${doing}`;
}
