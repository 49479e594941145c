import { type CiscoPattern, ciscoPattern } from './cisco-pattern.ts';

/** What a firewall means by a message, in ECS's words, and the syntaxes it writes it in. */
export interface CiscoMessage {
  readonly kind: 'event' | 'alert';
  readonly category: readonly string[];
  readonly type: readonly string[];
  readonly action: string;
  readonly outcome?: 'success' | 'failure';
  readonly patterns: readonly CiscoPattern[];
}

export type CiscoMeaning = Omit<CiscoMessage, 'patterns'>;

/** The messages of the given codes, which share a meaning and their syntaxes; the first syntax that fits is taken. */
export function messages(codes: string, meaning: CiscoMeaning, ...syntaxes: string[]): [string, CiscoMessage][] {
  const patterns = syntaxes.map(ciscoPattern);
  return codes.split(' ').map((code) => [code, { ...meaning, patterns }]);
}

/** Something the firewall did not let through. */
export function denied(action: string, kind: 'event' | 'alert' = 'event'): CiscoMeaning {
  return { kind, category: ['network'], type: ['connection', 'denied'], action, outcome: 'failure' };
}

/** Traffic that the firewall let through or watched. */
export function connection(action: string, ...types: string[]): CiscoMeaning {
  return { kind: 'event', category: ['network'], type: ['connection', ...types], action, outcome: 'success' };
}

/** Traffic whose fate the message itself names. */
export function decided(action: string): CiscoMeaning {
  return { kind: 'event', category: ['network'], type: ['connection'], action };
}

/** Something that happened on the network which was neither let through nor refused. */
export function network(action: string, kind: 'event' | 'alert' = 'event'): CiscoMeaning {
  return { kind, category: ['network'], type: ['info'], action };
}

export function authentication(action: string, outcome: 'success' | 'failure', type = 'start'): CiscoMeaning {
  return { kind: 'event', category: ['authentication'], type: [type], action, outcome };
}

/** A remote user's session. */
export function session(action: string, type: 'start' | 'end' | 'info'): CiscoMeaning {
  return { kind: 'event', category: ['session', 'network'], type: [type], action, outcome: 'success' };
}

export function configuration(action: string, type: 'change' | 'access'): CiscoMeaning {
  return { kind: 'event', category: ['configuration'], type: [type], action, outcome: 'success' };
}

/** What identity firewalling adds right behind an address: `(LOCAL\alice)`, `(LOCAL\alice, 9:tag)`, `(9:tag)`. */
export const SOURCE_USER: string = String.raw`(?:\({sourceUser}(?:,[^()]{0,256})?\)|\((?!type \d)[^()]{1,256}\))?`;
export const DESTINATION_USER: string = SOURCE_USER.replace('sourceUser', 'destinationUser');
/** The same where nothing else in brackets can follow: some versions print a blank before it. */
export const SPACED_SOURCE_USER: string = ` ?${SOURCE_USER}`;
export const SPACED_DESTINATION_USER: string = ` ?${DESTINATION_USER}`;
/** How every message about a remote user starts; older versions print the names without the brackets. */
export const REMOTE_USER: string =
  '(?:TunnelGroup <[^<>]{1,300}> )?Group(?:Policy)? <?{group.angled}>? User(?: <?{user.angled}>?)? IP <?{sourceHost}>?';
/** The user who authenticated to the firewall itself, named at a message's end. */
export const AUTHENTICATED_USER: string = String.raw`(?: ?\({user.bracketed}\))?`;
