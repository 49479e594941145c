import type { SyslogMessage } from './syslog-message.ts';

/** What Cisco's tag says of a message, and the text behind it. */
export interface CiscoTag {
  readonly product: 'asa' | 'ftd' | 'pix' | 'fwsm' | 'ios';
  /** Six digits on a firewall, `LINEPROTO-5-UPDOWN` elsewhere. */
  readonly code: string;
  readonly severity?: number;
  readonly text: string;
}

/**
 * Cisco's own tag: `%ASA-6-302013:`, `%ASA-session-6-302013:`, `%FTD<Up>-6-302013:`, `%LINEPROTO-5-UPDOWN:`. Captures
 * its three parts.
 */
export const CISCO_TAG: string = String.raw`%([A-Z][A-Z0-9_]{1,31})(?:<\w{1,16}>)?-(?:[\w-]{0,64}-)?([0-7])-(\w{1,64})[: ]`;
const TAG = new RegExp(`^[: ]{0,3}${CISCO_TAG} {0,4}`);
const BARE_NAME = /^%?(?:(ASA|FTD|PIX|FWSM)-(?:\w{1,32}-)?([0-7])-)?(\d{6}):?$/;
const FIREWALLS: ReadonlyMap<string, CiscoTag['product']> = new Map([
  ['ASA', 'asa'],
  ['FTD', 'ftd'],
  ['FDT', 'ftd'],
  ['NGIPS', 'ftd'],
  ['PIX', 'pix'],
  ['FWSM', 'fwsm'],
]);

/** Whether the text is a Cisco tag with the colon behind it. */
export function isCiscoTag(text: string): boolean {
  return text.endsWith(':') && TAG.test(text);
}

/** The Cisco tag at the start of the message, or taken for an application's name; undefined when it has neither. */
export function readCiscoTag(message: SyslogMessage): CiscoTag | undefined {
  const parts = TAG.exec(message.message);
  if (parts === null) return message.appName === undefined ? undefined : bareTag(message.appName, message.message);
  const [whole, facility = '', severity = '', mnemonic = ''] = parts;
  const product = /^\d{6}$/.test(mnemonic) ? FIREWALLS.get(facility) : undefined;
  return {
    product: product ?? 'ios',
    code: product === undefined ? `${facility}-${severity}-${mnemonic}` : mnemonic,
    severity: Number(severity),
    text: message.message.slice(whole.length),
  };
}

function bareTag(appName: string, text: string): CiscoTag | undefined {
  const parts = BARE_NAME.exec(appName);
  if (parts === null) return undefined;
  const [, facility = 'ASA', severity, code = ''] = parts;
  const product = FIREWALLS.get(facility) ?? 'asa';
  return { product, code, text, ...(severity === undefined ? {} : { severity: Number(severity) }) };
}
