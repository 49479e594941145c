import { isIPv4, isIPv6 } from 'node:net';

const LONGEST_ADDRESS = 45;
/** Without `::` an IPv6 address has eight groups. */
const SHORTEST_FULL_IPV6 = '1:1:1:1:1:1:1:1'.length;

/** The IP address that `text` is, without its IPv6 zone; undefined when it is none. */
export function toAddress(text: string): string | undefined {
  const zone = text.indexOf('%');
  const bare = zone > 0 ? text.slice(0, zone) : text;
  if (bare.length > LONGEST_ADDRESS) return undefined;
  if (!bare.includes(':')) return isIPv4(bare) ? bare : undefined;
  const mayBe = bare.length >= SHORTEST_FULL_IPV6 || bare.includes('::');
  return mayBe && isIPv6(bare) ? bare : undefined;
}

/** Whether a valid dotted quad is a netmask (or its inverse) rather than a host, given the text before it. */
export function isMask(quad: string, before: string): boolean {
  const [a = 0, b = 0, c = 0, d = 0] = quad.split('.').map(Number);
  const value = ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
  const inverse = ~value >>> 0;
  const isNetmask = (inverse & (inverse + 1)) === 0;
  if (!isNetmask && (value & (value + 1)) !== 0) return false;
  if (a === 255 && isNetmask && value !== 0xffffffff) return true;
  return /mask[\s:=]{1,3}$/i.test(before) || /\d\/$/.test(before) || (a === 255 && /\d\.\d{1,3} $/.test(before));
}

const VERSION_WORDS =
  'version|release|firmware|software|kernel|oid|windows|linux|android|ios|macos|os x|anyconnect|secure client|openssl|mozilla|chrome|edge?|safari|firefox|opera';
const VERSION_BEFORE = new RegExp(`(?:${VERSION_WORDS}|\\b(?:ver|rel|rev|build|area|v))["']?[\\s:=/#]{0,3}["']?$`, 'i');

/** As in the names that programs give themselves: `Windows-Update-Agent/10.0.0.1`. */
const PROGRAM_BEFORE = /(?:agent|api|client|curl|http|java|python|trident|update|webkit|wget)\/$/i;

/** Whether the text before a dotted quad says that it counts versions, objects or OSPF's areas, not hosts. */
export function isVersion(before: string): boolean {
  return VERSION_BEFORE.test(before) || PROGRAM_BEFORE.test(before);
}

/** Whether an IPv6-shaped text is an address: not an EUI-64, not a bare `::`, not words such as `a::b`. */
export function isPlausibleIpv6(text: string): boolean {
  if (/^(?:[\dA-Fa-f]{2}:){7}[\dA-Fa-f]{2}$/.test(text)) return false;
  return /\d/.test(text) || /:[^:]+:[^:]/.test(text);
}
