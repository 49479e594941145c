import type { ServerOptions } from 'node:https';
import { type ReceivedRequest, type Script, type ScriptedAnswer, ScriptedServer } from '@distributary/testing';

export const SUCCESS: ScriptedAnswer = { status: 200, body: { text: 'Success', code: 0 } };

/** A collector that answers as its script says, or always with success. */
export function startScripted(script: Script = () => SUCCESS, tls?: ServerOptions): Promise<ScriptedServer> {
  return ScriptedServer.start(script, tls);
}

/** One event as it lies in a request. */
export interface ReceivedEvent {
  readonly time: number;
  readonly host?: string;
  readonly index?: string;
  readonly source?: string;
  readonly sourcetype?: string;
  readonly fields: { readonly distributary_id: string; readonly distributary_entry_id: string };
  readonly event: { readonly event?: { readonly original?: string } } & Record<string, unknown>;
}

export function eventsOf(request: ReceivedRequest): ReceivedEvent[] {
  return request.body
    .toString()
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as ReceivedEvent);
}

export function linesOf(request: ReceivedRequest): (string | undefined)[] {
  return eventsOf(request).map(({ event }) => event.event?.original);
}
