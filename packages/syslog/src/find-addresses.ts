import { isMask, isPlausibleIpv6, isVersion, toAddress } from './address.ts';

/** What every address has inside it, and few other words have. */
const CANDIDATE = /\d\.\d{1,3}\.\d|:[\dA-Fa-f]{0,4}:/g;
const CONTEXT_LENGTH = 24;

/** Characters of which an address, or a name or number that merely contains one, is made. */
const WORD = new Uint8Array(128);
for (const character of 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:-%') {
  WORD[character.charCodeAt(0)] = 1;
}

/**
 * Adds every IP address in `text` to `found`, in time linear in its length. A word counts when it is an address, or
 * one behind `name:`, before `:port`, or in a range; netmasks, versions, object IDs, MAC addresses, times and
 * addresses that are part of a longer name do not.
 */
export function findAddresses(text: string, found: Set<string>): void {
  let end = 0;
  CANDIDATE.lastIndex = 0;
  while (CANDIDATE.test(text)) {
    const inside = CANDIDATE.lastIndex - 1;
    let start = inside;
    while (start > end && isWord(text, start - 1)) start--;
    end = inside + 1;
    while (end < text.length && isWord(text, end)) end++;
    CANDIDATE.lastIndex = end;
    judgeWord(text, start, end, found);
  }
}

function isWord(text: string, at: number): boolean {
  return WORD[text.charCodeAt(at)] === 1;
}

function judgeWord(text: string, from: number, to: number, found: Set<string>): void {
  let start = from;
  let end = to;
  while (end > start && '.-%'.includes(text.charAt(end - 1))) end--;
  while (start < end && text[start] === '-') start++;
  const word = text.slice(start, end);
  if (found.has(word)) return;
  if (word.includes(':')) judgeColons(text, start, word, found);
  else judgeRange(text, start, word, found);
}

/** `10.0.0.1` or `10.0.0.1-10.0.0.9`; a hyphen between anything else makes a name. */
function judgeRange(text: string, start: number, word: string, found: Set<string>): boolean {
  const parts = word.split('-');
  if (!parts.every((part) => toAddress(part) !== undefined)) return false;
  let at = start;
  for (const part of parts) {
    accept(text, at, toAddress(part) as string, found);
    at += part.length + 1;
  }
  return true;
}

/**
 * An IPv6 address, perhaps behind names (`inside:2001:db8::1`); otherwise the IPv4 addresses between the colons. A name
 * that could begin an address (`cafe:2001:db8::1`) does not, where the address behind it was found already.
 */
function judgeColons(text: string, start: number, word: string, found: Set<string>): void {
  if (word.includes('-') && judgeRange(text, start, word, found)) return;
  const trimmed = word.endsWith(':') && !word.endsWith('::') ? word.slice(0, -1) : word;
  const bare = withoutPort(withoutNames(trimmed), found);
  const behindName = bare.slice(bare.indexOf(':') + 1);
  if (found.has(behindName)) return;
  for (const candidate of [bare, behindName]) {
    if (!candidate.includes(':')) break;
    const address = toAddress(candidate);
    if (address === undefined) continue;
    accept(text, start + trimmed.lastIndexOf(candidate), address, found);
    return;
  }
  if (!word.includes('.')) return;
  let at = start;
  for (const segment of trimmed.split(':')) {
    if (segment.includes('.')) judgeRange(text, at, segment, found);
    at += segment.length + 1;
  }
}

/** The text behind the leading `name:` segments, a name being what holds more than hexadecimal digits and full stops. */
function withoutNames(word: string): string {
  let at = 0;
  for (let colon = word.indexOf(':'); colon >= 0; colon = word.indexOf(':', at)) {
    if (/^[\dA-Fa-f.]*$/.test(word.slice(at, colon))) break;
    at = colon + 1;
  }
  return word.slice(at);
}

/** An IPv6 address with a port behind it reads like a longer address, unless it is found or too long already. */
function withoutPort(word: string, found: Set<string>): string {
  const port = /:\d{3,5}$/.exec(word);
  const address = port === null ? undefined : word.slice(0, port.index);
  if (address === undefined || !address.includes(':')) return word;
  return found.has(address) || (toAddress(word) === undefined && toAddress(address) !== undefined) ? address : word;
}

function accept(text: string, at: number, address: string, found: Set<string>): void {
  if (address.includes(':')) {
    const isUnspecified = address === '::' && text[at + 2] === '/';
    if (isUnspecified || isPlausibleIpv6(address)) found.add(address);
    return;
  }
  const before = text.slice(Math.max(0, at - CONTEXT_LENGTH), at);
  if (!found.has(address) && !isVersion(before) && !isMask(address, before)) found.add(address);
}
