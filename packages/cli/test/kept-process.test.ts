import { until } from '@distributary/testing';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { EXIT } from '../src/exit.ts';
import { keepRunning } from '../src/kept-process.ts';
import { LogOutput } from '../src/log-output.ts';

it('tries again to start a program when the system has no process to give, and does not throw', async () => {
  const lines: string[] = [];
  const log = pino({}, { write: (line: string) => void lines.push(line) });
  const [drain, kill] = [new AbortController(), new AbortController()];
  const surroundings = {
    log,
    output: new LogOutput(process.stdout),
    drainMs: 1_000,
    drain: drain.signal,
    kill: kill.signal,
  };
  // More than an argument of a process can hold.
  const plan = { name: 'too-long', program: 'consumer-process', args: ['x'.repeat(1_000_000)] } as const;
  const running = keepRunning(plan, surroundings);
  await until(() => lines.filter((line) => line.includes('cannot be started')).length >= 2);
  drain.abort();
  expect(await running).toBe(EXIT.done);
});
