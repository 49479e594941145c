import { asError, redisFromEnvironment, watchEventLoop } from '@distributary/core';
import { hostJobs } from '@distributary/replay';
import { destination } from 'pino';
import { logConsumer } from './consumer-log.ts';
import { ConsumerTroubles } from './consumer-troubles.ts';
import { EXIT } from './exit.ts';
import { logJobs } from './job-log.ts';
import { createLog } from './log.ts';
import { exitCodeOf } from './main.ts';
import { observeConsumer } from './observation.ts';
import { createConsumer, readTeam } from './team.ts';
import { TroubleNotes } from './trouble-notes.ts';

/** The process of one consumer, started by the supervisor with its own name, its time to drain, the team's folder, and its stall time. */
const [name = '', drainMs = '', folder = '', stallMs = ''] = process.argv.slice(2);
const log = createLog(name, destination({ dest: 1, sync: true }), process.env);
try {
  const team = await readTeam(folder);
  const consumer = await createConsumer(team, process.env);
  using _summary = logConsumer(consumer, log);
  const troubles = new ConsumerTroubles(consumer);
  const notes = new TroubleNotes(consumer, troubles, redisFromEnvironment(process.env));
  await observeConsumer(consumer, troubles, { environment: process.env, log });
  using _watchdog = watchEventLoop(Number(stallMs));
  const stop = () => void consumer.stop({ timeoutMs: Number(drainMs) });
  process.on('SIGTERM', stop);
  // Ctrl-C reaches the whole group of processes; the supervisor decides.
  process.on('SIGINT', () => undefined);
  process.once('disconnect', stop);
  // A supervisor that was killed while this was being loaded is heard of no more.
  if (!process.connected) stop();
  let gaveUp = false;
  consumer.once('gaveUp', () => {
    gaveUp = true;
  });
  await consumer.start();
  const create = (overrides: Readonly<Record<string, string>>) =>
    createConsumer(team, { ...process.env, ...overrides });
  const jobs = hostJobs(consumer, create, logJobs(log));
  await consumer.finished;
  await jobs[Symbol.asyncDispose]();
  await notes.withdraw();
  process.exit(gaveUp ? EXIT.failed : EXIT.done);
} catch (thrown) {
  const { message, stack } = asError(thrown);
  const code = exitCodeOf(thrown);
  log.error(code === EXIT.failed ? { stack } : {}, message);
  process.exit(code);
}
