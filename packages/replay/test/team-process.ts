import { hostJobs } from '@distributary/replay';
import { Team, type TeamEnvironment } from './team.ts';

/** A process of the team that runs its jobs, as `distributary run` makes one; ends with the process that started it. */
const environment = JSON.parse(process.argv[2] ?? '') as TeamEnvironment;
const create = async (overrides: Readonly<Record<string, string>>) => new Team({ ...environment, ...overrides });
const consumer = await create({});
process.once('SIGTERM', () => void consumer.stop({ timeoutMs: 1_000 }));
process.once('disconnect', () => process.exit());
consumer.on('lost', ({ count }) => process.send?.({ name: 'lost', count }));
await consumer.start();
const jobs = hostJobs(consumer, create, (name, payload) => process.send?.({ name, ...payload, reason: undefined }));
await consumer.finished;
await jobs[Symbol.asyncDispose]();
process.exit();
