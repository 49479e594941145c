import type { Fault, RequestFault } from './faults.ts';
import { listen, type StandIn, type StandInRequest } from './stand-in.ts';
import type { Answer, Call, Listening } from './stand-in-process.ts';

/** The process of a stand-in: told what to be by its first argument, controlled over IPC, gone with its parent and not before. */
process.once('disconnect', () => process.exit());
process.on('SIGINT', () => undefined);

try {
  const standIn = await listen(JSON.parse(process.argv[2] ?? '') as StandInRequest);
  process.on('message', (call: Call) => void answer(standIn, call));
  send({ url: standIn.url });
} catch (thrown) {
  send({ failure: (thrown as Error).message });
  process.disconnect();
}

async function answer(standIn: StandIn, { id, method, args }: Call): Promise<void> {
  try {
    send({ id, value: await perform(standIn, method, args) });
  } catch (thrown) {
    send({ id, failure: (thrown as Error).message });
  }
}

async function perform(standIn: StandIn, method: Call['method'], args: readonly unknown[]) {
  if (method === 'set') return standIn.faults.set(...(args as Fault[]));
  if (method === 'next') return standIn.faults.next(args[0] as number, args[1] as RequestFault);
  if (method === 'clear') return standIn.faults.clear();
  return method === 'stored' ? standIn.stored() : standIn.counts();
}

function send(message: Answer | Listening): void {
  process.send?.(message);
}
