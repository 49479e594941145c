import { spawnSync } from 'node:child_process';
import { ambientEnvironment } from './environment.ts';

const DOCKER_ANSWERS_WITHIN_MS = 5_000;

/** Whether containers can be started here. */
export function dockerAnswers(environment: NodeJS.ProcessEnv = ambientEnvironment): boolean {
  const asked = spawnSync('docker', ['info', '--format', '{{.ServerVersion}}'], {
    env: environment,
    stdio: 'ignore',
    timeout: DOCKER_ANSWERS_WITHIN_MS,
  });
  return asked.status === 0;
}
