import { RedisConnection } from '@distributary/core';
import { type Confirm, Shipper } from '@distributary/shipper';

/** A shipper as a process of its own: of the pipe, or with a way to confirm of its standard input. */
const [url = '', stream = '', folder = '', confirm] = process.argv.slice(2);
const redis = new RedisConnection({ url }, 'shipper');
const shipper = new Shipper({
  redis,
  stream,
  name: 'child',
  input: confirm ? { kind: 'stdin', confirm: confirm as Confirm } : { kind: 'fifo', path: `${folder}/pipe` },
  wal: { folder: `${folder}/wal` },
});
// Between two turns of the event loop, where nothing is half done.
process.on('message', () => process.kill(process.pid, 'SIGKILL'));
process.once('SIGTERM', () => void shipper.stop());
await shipper.start();
process.send?.('started');
await shipper.finished;
redis.close();
if (process.connected) process.disconnect();
