import { asa106023Line } from '@distributary/syslog';
import type { Redis } from 'ioredis';

/** Bytes of a benchmark's entry, which vary by a few. */
export const BYTES_PER_ENTRY: number = asa106023Line(0).length;

const PER_PIPELINE = 1_000;

/** Fills the stream with firewall lines of about 200 bytes in the one field `line`, saying how far it is. */
export async function fillStream(redis: Redis, stream: string, entries: number): Promise<void> {
  for (let from = 0; from < entries; from += PER_PIPELINE) {
    const pipeline = redis.pipeline();
    for (let i = from; i < Math.min(entries, from + PER_PIPELINE); i++)
      pipeline.xadd(stream, '*', 'line', asa106023Line(i));
    await pipeline.exec();
    if (from % 100_000 === 0)
      process.stderr.write(`\rfilling ${stream}: ${from.toLocaleString('en')} of ${entries.toLocaleString('en')}`);
  }
  process.stderr.write(`\rfilled ${stream} with ${entries.toLocaleString('en')} entries\u001b[K\n`);
}
