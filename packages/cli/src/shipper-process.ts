import { asError } from '@distributary/core';
import { destination } from 'pino';
import { EXIT } from './exit.ts';
import { createLog } from './log.ts';
import { exitCodeOf } from './main.ts';
import { type Shipping, ship } from './shipping.ts';

/** The process of a shipper on a pipe, started by the supervisor with its name, its time to drain and what to ship. */
const [name = '', , shipping = ''] = process.argv.slice(2);
const log = createLog(name, destination({ dest: 1, sync: true }), process.env);
const ending = new AbortController();
const end = () => ending.abort();
process.on('SIGTERM', end);
// Ctrl-C reaches the whole group of processes; the supervisor decides.
process.on('SIGINT', () => undefined);
process.once('disconnect', end);
const sayStarted = () => {
  if (process.connected) process.send?.('started');
};
try {
  await ship(JSON.parse(shipping) as Shipping, log, ending.signal, sayStarted);
  process.exit(EXIT.done);
} catch (thrown) {
  const { message, stack } = asError(thrown);
  const code = exitCodeOf(thrown);
  log.error(code === EXIT.failed && !(thrown instanceof Error && 'code' in thrown) ? { stack } : {}, message);
  process.exit(code);
}
