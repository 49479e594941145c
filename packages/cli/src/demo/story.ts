import { systemClock } from '@distributary/core';
import type { DemoHouse } from './demo-house.ts';

/** Something that happens while the traffic flows. */
interface Chapter {
  /** When, as a share of the whole time. */
  readonly at: number;
  happen(house: DemoHouse): Promise<string>;
}

/** What happens and when; a destination of somebody else's is left alone. */
const CHAPTERS: readonly Chapter[] = [
  { at: 0, happen: async () => 'All flowing: every line goes to both teams.' },
  {
    at: 0.25,
    async happen({ elasticsearch }) {
      if (!elasticsearch.faults) return 'The Elasticsearch is not ours to take down: no outage in this story.';
      await elasticsearch.faults.set({ kind: 'down' });
      return "The NOC's Elasticsearch goes down. Watch Security: not a millisecond late.";
    },
  },
  {
    at: 0.5,
    async happen({ teams }) {
      const pid = teams.pidOf('security-1');
      if (pid === undefined) return 'There is no Security process to kill.';
      process.kill(pid, 'SIGKILL');
      return `A Security process (${pid}) is killed with SIGKILL. Its sibling takes over what it had in hand.`;
    },
  },
  {
    at: 0.7,
    async happen({ elasticsearch }) {
      if (!elasticsearch.faults) return 'All flowing still.';
      await elasticsearch.faults.clear();
      return "The NOC's Elasticsearch is back, and the NOC catches up.";
    },
  },
];

/** Tells the story over that time; ends early when the signal aborts, and leaves no fault behind. */
export async function tellStory(
  house: DemoHouse,
  durationMs: number,
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const startedAt = performance.now();
  try {
    for (const { at, happen } of CHAPTERS) {
      await systemClock.sleep(startedAt + at * durationMs - performance.now(), signal);
      if (signal.aborted) return;
      say(await happen(house));
    }
    await systemClock.sleep(startedAt + durationMs - performance.now(), signal);
  } finally {
    await house.elasticsearch.faults?.clear();
  }
}
