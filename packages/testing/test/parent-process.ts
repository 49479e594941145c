/** Starts what its argument names, says where, and waits to be killed; says when it is interrupted. */
import { startCollector, startRedis } from '@distributary/testing';

process.on('SIGINT', () => process.send?.('interrupted'));
const started =
  process.argv[2] === 'redis'
    ? await startRedis({ requireProcess: true })
    : await startCollector({ standIn: true, process: true });
process.send?.(started.url);
