import { setTimeout as sleep } from 'node:timers/promises';
import { OptionsError } from './errors.ts';

/** The moments between two steps at which a process may be made to fail. */
export const FAILPOINTS = [
  'after-group-create',
  'after-read',
  'after-own-read',
  'after-claim',
  'before-deliver',
  'after-deliver',
  'before-acknowledge',
  'after-acknowledge',
  'before-dead-letter',
  'after-dead-letter',
  'before-renew',
  'after-note',
  'before-checkpoint',
  'after-checkpoint',
  'after-recreate',
  'before-hand-back',
  'after-hand-back',
] as const;

export type Failpoint = (typeof FAILPOINTS)[number];

type Fail = (name: Failpoint) => Promise<void> | undefined;

type Action = 'kill' | 'throw' | 'hang' | { readonly sleepMs: number };

const SPEC = /^(?<name>[a-z-]+)(?::nth=(?<nth>[1-9]\d{0,8}))?:(?:(?<plain>kill|throw|hang)|sleep=(?<ms>\d{1,9}))$/;

const VARIABLE = 'DISTRIBUTARY_FAILPOINT';

/**
 * Where tests make a process fail: `DISTRIBUTARY_FAILPOINT=after-read:nth=37:kill,before-renew:sleep=500`, read once. The
 * actions are `kill`, `throw`, `hang` and `sleep=<ms>`, at every passing, or with `nth` at that one alone. Without the
 * variable this is a function that does nothing.
 */
export const failpoint: Fail = failpointOf(process.env[VARIABLE]);

/** @throws OptionsError when `DISTRIBUTARY_FAILPOINT` names no failpoint, or says of none what is to happen */
export function checkFailpoints(): void {
  const spec = process.env[VARIABLE];
  if (spec) parseFailpoints(spec);
}

function failpointOf(spec: string | undefined): Fail {
  if (!spec) return () => undefined;
  let armed: ArmedFailpoint[] | undefined;
  return async (name) => {
    armed ??= parseFailpoints(spec);
    for (const point of armed) if (point.name === name) await point.pass();
  };
}

function parseFailpoints(spec: string): ArmedFailpoint[] {
  return spec.split(',').map((part) => {
    const { name, nth, plain, ms } = SPEC.exec(part.trim())?.groups ?? {};
    const known = FAILPOINTS.find((candidate) => candidate === name);
    if (known === undefined) throw refusal(part);
    const action = (plain as 'kill' | 'throw' | 'hang' | undefined) ?? { sleepMs: Number(ms) };
    return new ArmedFailpoint(known, nth === undefined ? undefined : Number(nth), action);
  });
}

function refusal(part: string): OptionsError {
  return new OptionsError(
    `${VARIABLE} holds ${JSON.stringify(part)}. Write <name>[:nth=<n>]:kill|throw|hang|sleep=<ms>, several with commas ` +
      `between them; the names are ${FAILPOINTS.join(', ')}.`,
  );
}

class ArmedFailpoint {
  readonly name: Failpoint;
  readonly #nth: number | undefined;
  readonly #action: Action;
  #passed = 0;

  constructor(name: Failpoint, nth: number | undefined, action: Action) {
    this.name = name;
    this.#nth = nth;
    this.#action = action;
  }

  async pass(): Promise<void> {
    this.#passed++;
    if (this.#nth !== undefined && this.#nth !== this.#passed) return;
    if (this.#action === 'kill') process.kill(process.pid, 'SIGKILL');
    else if (this.#action === 'throw') throw new Error(`The failpoint ${this.name} throws, as ${VARIABLE} has it.`);
    else if (this.#action === 'hang') await new Promise(() => undefined);
    else await sleep(this.#action.sleepMs);
  }
}
