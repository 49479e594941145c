import type { CollectorStandInOptions } from './collector-stand-in.ts';
import type { StoredDocument } from './document-store.ts';
import { ambientEnvironment } from './environment.ts';
import type { Faults } from './faults.ts';
import { listen } from './stand-in.ts';
import { forkStandIn } from './stand-in-process.ts';
import type { StandInCounts } from './stand-in-server.ts';

/** An event collector to test against. Of a given one nothing can be read back: it has no `stored`. */
export interface CollectorFixture extends AsyncDisposable {
  /** The base to which the dialect's path is appended, as in `SIEM_URL`. */
  readonly url: string;
  readonly kind: 'given' | 'stand-in';
  readonly describe: string;
  /** @throws Error of a given collector; so does `counts` */
  stored(): Promise<readonly StoredDocument[]>;
  counts(): Promise<StandInCounts>;
  /** Only of a stand-in. */
  readonly faults: Faults | undefined;
}

export interface StartCollectorOptions extends CollectorStandInOptions {
  /** Takes the stand-in whatever the environment says: for tests that set faults or look. Default false. */
  readonly standIn?: boolean;
  /** Runs the stand-in in a process of its own, which ends with this one. Default false. */
  readonly process?: boolean;
  readonly environment?: NodeJS.ProcessEnv;
}

/** The collector that `SIEM_URL` names, or else the stand-in. */
export async function startCollector(options: StartCollectorOptions = {}): Promise<CollectorFixture> {
  const { standIn = false, process = false, environment = ambientEnvironment, ...standInOptions } = options;
  const url = environment['SIEM_URL'];
  if (url && !standIn) return given(url.replace(/\/$/, ''));
  const request = { speaks: 'collector', options: standInOptions } as const;
  const server = process ? await forkStandIn(request) : await listen(request);
  return {
    url: server.url,
    kind: 'stand-in',
    describe: 'the stand-in: SIEM_URL names no collector',
    faults: server.faults,
    stored: () => server.stored(),
    counts: () => server.counts(),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

function given(url: string): CollectorFixture {
  const refuse = async (): Promise<never> => {
    throw new Error('What a given collector stored cannot be read back: unset SIEM_URL to test against the stand-in.');
  };
  return {
    url,
    kind: 'given',
    describe: 'the collector that SIEM_URL names',
    faults: undefined,
    stored: refuse,
    counts: refuse,
    [Symbol.asyncDispose]: async () => undefined,
  };
}
