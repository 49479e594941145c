import { CONNECTIONS } from './cisco-connections.ts';
import { DENIALS } from './cisco-denials.ts';
import type { CiscoMessage } from './cisco-message.ts';
import { SESSIONS } from './cisco-sessions.ts';
import { TUNNELS } from './cisco-vpn.ts';

/** The messages of ASA, FTD, PIX and FWSM whose syntax is known, by their six digits. */
export const CISCO_MESSAGES: ReadonlyMap<string, CiscoMessage> = new Map([
  ...CONNECTIONS,
  ...DENIALS,
  ...SESSIONS,
  ...TUNNELS,
]);
