import { systemClock } from '@distributary/core';
import { EXIT, type ExitCode } from '../exit.ts';
import { type DemoHouse, openHouse } from './demo-house.ts';
import { read } from './reading.ts';
import { isComplete, reconcile, reconciliationText } from './reconciliation.ts';
import { tellStory } from './story.ts';
import { Traffic } from './traffic.ts';
import { View } from './view.ts';

export interface DemoOptions {
  /** How long the traffic flows, in seconds. */
  readonly for: number;
  /** Lines per second. */
  readonly rate: number | undefined;
  /** Nothing goes wrong. */
  readonly quietStory: boolean;
  /** Goes on until it is interrupted. */
  readonly keepRunning: boolean;
}

const DEFAULT_RATE = 1_000;
/** The embedded Redis runs in this process and is no server for a load. */
const EMBEDDED_RATE = 200;
const CATCH_UP_WITHIN_MS = 60_000;

/** @returns whether everything arrived, as an exit code. Interrupted by the signal, it reconciles what there is. */
export async function runDemo(options: DemoOptions, interrupted: AbortSignal): Promise<ExitCode> {
  const view = new View(process.stdout);
  await using house = await openHouse((text) => view.say(text));
  const rate = options.rate ?? (house.redis.kind === 'embedded' ? EMBEDDED_RATE : DEFAULT_RATE);
  const traffic = new Traffic(house.pipe, rate);
  const durationMs = options.for * 1_000;
  view.say(`A firewall writes ${rate.toLocaleString('en-US')} lines a second for ${options.for} s.`);

  const trafficEnds = new AbortController();
  const watchEnds = new AbortController();
  const watching = watch(house, traffic, { view, mostBehind: (rate * options.for) / 2 }, watchEnds.signal);
  const flowing = traffic.run(trafficEnds.signal);
  try {
    if (options.quietStory) await systemClock.sleep(durationMs, interrupted);
    else await tellStory(house, durationMs, (text) => view.say(text), interrupted);
    if (options.keepRunning && !interrupted.aborted) {
      view.say(`Everything goes on until Ctrl-C: REDIS_URL=${house.redis.url} npx distributary status --watch`);
      await untilAborted(interrupted);
    }
  } finally {
    trafficEnds.abort();
    await flowing;
  }
  view.say('The firewall falls silent. Waiting for both teams to have everything.');
  const inTime = await caughtUp(house, traffic);
  watchEnds.abort();
  await watching;
  const reconciliation = await reconcile(house, traffic.written);
  process.stdout.write(`\n${reconciliationText(reconciliation)}\n`);
  return inTime && isComplete(reconciliation) ? EXIT.done : EXIT.failed;
}

const SHOW_EVERY_MS = 1_000;

async function watch(
  house: DemoHouse,
  traffic: Traffic,
  { view, mostBehind }: { readonly view: View; readonly mostBehind: number },
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    view.show(traffic.written, await read(house), mostBehind);
    await systemClock.sleep(SHOW_EVERY_MS, signal);
  }
}

async function caughtUp(house: DemoHouse, traffic: Traffic): Promise<boolean> {
  const late = AbortSignal.timeout(CATCH_UP_WITHIN_MS);
  while (!late.aborted) {
    const { entries, teams } = await read(house);
    if (entries >= traffic.written && teams.every(({ behind }) => behind === 0)) return true;
    await systemClock.sleep(100, late);
  }
  return false;
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
