import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RedisConnection } from '@distributary/core';
import { Shipper } from '@distributary/shipper';
import { printMeasurement } from '../report.ts';
import { runSettings } from './run-settings.ts';

const SHIPPED_STREAM = 'shipped';

/** A shipper from its named pipe to Redis, another process writing into the pipe; until Redis has every line. */
export async function ship({ wal }: { readonly wal: boolean }): Promise<void> {
  const { redisUrl, entries } = runSettings;
  const folder = await mkdtemp(join(tmpdir(), 'distributary-bench-'));
  const redis = new RedisConnection({ url: redisUrl }, 'bench');
  await redis.call('UNLINK', SHIPPED_STREAM);
  const path = join(folder, 'pipe');
  const shipper = new Shipper({
    redis,
    stream: SHIPPED_STREAM,
    input: { kind: 'fifo', path },
    wal: wal && { folder: join(folder, 'wal') },
  });
  const done = Promise.withResolvers<void>();
  shipper.on('stored', () => {
    if (shipper.counts.stored >= entries) done.resolve();
  });
  shipper.on('redisUnavailable', ({ reason }) => done.reject(reason));
  await shipper.start();
  const startedAt = performance.now();
  const writer = fileURLToPath(new URL('../pipe-writer.ts', import.meta.url));
  spawn(process.execPath, [writer, path, String(entries)], { stdio: ['ignore', 'ignore', 'inherit'] });
  await done.promise;
  printMeasurement(entries, startedAt);
  await shipper.stop();
  await redis.call('UNLINK', SHIPPED_STREAM);
  redis.close();
  await rm(folder, { recursive: true });
}
