import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** Which tests to run: `vitest run <files>` in a workspace of the repository, or of a copy of it. */
export interface TestRun {
  /** The top of the repository or the copy. */
  readonly top: string;
  readonly workspace: string;
  readonly files: readonly string[];
  readonly timeoutMs: number;
  readonly environment?: Readonly<Record<string, string>>;
}

const FAILED = /FAIL\s+(.*)/;

/** Runs tests up to the first that fails. @returns its name, or the last of what was printed; undefined when all pass */
export async function firstFailure({
  top,
  workspace,
  files,
  timeoutMs,
  environment,
}: TestRun): Promise<string | undefined> {
  const config = join(top, 'packages/testing/vitest.config.ts');
  const args = ['run', '--config', config, '--root', '.', '--bail=1', `--testTimeout=${timeoutMs}`, ...files];
  const child = spawn('vitest', args, {
    cwd: join(top, workspace),
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0', ...environment },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
    });
  }
  const [code] = await once(child, 'close');
  if (code === 0) return undefined;
  return FAILED.exec(output)?.[1] ?? output.trim().split('\n').slice(-3).join(' ');
}
