import { inspect } from 'node:util';

export interface UntilOptions {
  /** Default 30,000. */
  readonly timeoutMs?: number;
  /** What is waited for, to complete the sentence "Waited 30000 ms for …". */
  readonly describe?: string;
}

const POLL_MS = 20;

/**
 * Waits until the condition gives something truthy, and returns that. A condition that throws is tried again.
 * @throws Error that says what was waited for and what the condition last gave, after `timeoutMs`
 */
export async function until<Value>(
  condition: () => Value | Promise<Value>,
  { timeoutMs = 30_000, describe = 'the condition' }: UntilOptions = {},
): Promise<Exclude<NonNullable<Value>, false>> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const outcome = await attempt(condition);
    if ('value' in outcome && outcome.value) return outcome.value as Exclude<NonNullable<Value>, false>;
    if (performance.now() >= deadline) throw tooLate(describe, timeoutMs, outcome);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

type Outcome<Value> = { readonly value: Value } | { readonly thrown: unknown };

async function attempt<Value>(condition: () => Value | Promise<Value>): Promise<Outcome<Value>> {
  try {
    return { value: await condition() };
  } catch (thrown) {
    return { thrown };
  }
}

function tooLate(describe: string, timeoutMs: number, outcome: Outcome<unknown>): Error {
  const waited = `Waited ${timeoutMs} ms for ${describe}`;
  if ('thrown' in outcome) return new Error(`${waited}; the last look threw.`, { cause: outcome.thrown });
  return new Error(`${waited}; the last look gave ${inspect(outcome.value, { depth: 3, breakLength: Infinity })}.`);
}
