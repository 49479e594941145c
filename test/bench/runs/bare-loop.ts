import { Redis } from 'ioredis';
import { printMeasurement } from '../report.ts';
import { runSettings } from './run-settings.ts';

/**
 * The 100 %: Buffers, XREADGROUP COUNT 500, ids and lengths touched, one variadic XACK that the next read does not wait
 * for. Everything a delivery framework adds comes on top of this.
 */
const { redisUrl, stream, entries } = runSettings;
const reader = new Redis(redisUrl);
const commands = new Redis(redisUrl);
await commands.xgroup('CREATE', stream, 'bench', '0');

const startedAt = performance.now();
let seen = 0;
let bytes = 0;
let lastAck: Promise<unknown> = Promise.resolve();
while (seen < entries) {
  const reply = await reader.callBuffer('XREADGROUP', 'GROUP', 'bench', 'c', 'COUNT', 500, 'STREAMS', stream, '>');
  const read = (reply as [Buffer, [Buffer, Buffer[]][]][])[0]?.[1] ?? [];
  const ids: string[] = [];
  for (const [id, fields] of read) {
    ids.push(id.toString('latin1'));
    bytes += fields[1]?.length ?? 0;
  }
  seen += ids.length;
  lastAck = commands.xack(stream, 'bench', ...ids);
}
await lastAck;
if (bytes === 0) throw new Error('the bare loop read nothing');
printMeasurement(seen, startedAt);
reader.disconnect();
commands.disconnect();
