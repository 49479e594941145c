import { asError, describeRedis, RedisConnection, type RedisOptions, RedisUnavailableError } from '@distributary/core';
import type { Team } from '../team.ts';
import { accessFindings } from './access-findings.ts';
import { type Finding, ok, problem } from './finding.ts';
import { groupFindings } from './group-findings.ts';
import { serverFindings } from './server-findings.ts';
import { sinkFindings } from './sink-findings.ts';

/** What was found about one team, or about what all of them stand on. */
export interface Diagnosis {
  /** The package's name; null for Redis and this host. */
  readonly team: string | null;
  readonly owner: string | null;
  readonly findings: readonly Finding[];
}

/** Looks at everything that the teams' consumers depend on; changes and stores nothing. */
export async function diagnose(
  teams: readonly Team[],
  redis: RedisOptions,
  { environment, awayAfterMs }: { readonly environment: NodeJS.ProcessEnv; readonly awayAfterMs: number },
): Promise<Diagnosis[]> {
  const connection = new RedisConnection(redis, 'distributary:doctor');
  try {
    const reached = await reach(connection, redis);
    const isReached = reached.level === 'ok';
    const own = [ok('node', `Node ${process.versions.node}`), reached];
    const server = isReached ? await attempted('redis', () => serverFindings(connection)) : [];
    const diagnoses: Diagnosis[] = [{ team: null, owner: null, findings: [...own, ...server] }];
    const inRedis = async (team: Team) => [
      ...(await attempted('group', () => groupFindings(connection, team, awayAfterMs))),
      ...(await attempted('access', () => accessFindings(connection, team, redis.username ?? 'default'))),
    ];
    for (const team of teams) {
      const findings = [...(isReached ? await inRedis(team) : []), ...(await sinkFindings(team, environment))];
      diagnoses.push({ team: team.name, owner: team.owner ?? null, findings });
    }
    return diagnoses;
  } finally {
    connection.close();
  }
}

async function reach(connection: RedisConnection, redis: RedisOptions): Promise<Finding> {
  const [failed] = await attempted('redis', async () => void (await connection.connect()));
  return failed ?? ok('redis', `${describeRedis(redis)} answers`);
}

/** What Redis refuses or does not answer is a finding; anything else is a fault of ours. */
async function attempted(check: string, look: () => Promise<Finding[] | undefined>): Promise<Finding[]> {
  try {
    return (await look()) ?? [];
  } catch (thrown) {
    if (!(thrown instanceof RedisUnavailableError)) throw thrown;
    const [said = '', ...remedy] = asError(thrown).message.replace(/\.$/, '').split(/\. /);
    return [problem(check, said, remedy.join('. ') || 'look whether Redis runs, and whether this host reaches it')];
  }
}
