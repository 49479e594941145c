import { type LookupAddress, lookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { OptionsError, parseBaseUrl } from '@distributary/core';

const linkLocal = new BlockList();
linkLocal.addSubnet('169.254.0.0', 16, 'ipv4');
linkLocal.addSubnet('fe80::', 10, 'ipv6');

const SUBJECT = { destination: 'the collector', variable: 'SIEM_URL', credentials: 'SIEM_TOKEN' };

/** Where the collector is: an origin, and the path before that of its dialect. */
export interface CollectorAddress {
  readonly origin: string;
  readonly basePath: string;
}

/**
 * Reads the collector's base URL.
 * @throws OptionsError when it is no plain `http:` or `https:` address, or leads to a link-local one, where clouds keep
 *   their instances' credentials
 */
export function parseAddress(url: string, allowLinkLocal: boolean): CollectorAddress {
  const parsed = parseBaseUrl(url, SUBJECT);
  if (!allowLinkLocal && isLinkLocal(parsed.hostname.replace(/^\[|\]$/g, ''))) throw linkLocalRefused(parsed.hostname);
  return { origin: parsed.origin, basePath: parsed.pathname.replace(/\/+$/, '') };
}

/** `dns.lookup` that fails for a name which leads to a link-local address. */
export const lookupBeyondLink: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return callback(error, []);
    if (addresses.some(({ address }) => isLinkLocal(address))) return callback(linkLocalRefused(hostname), []);
    const [first] = addresses as [LookupAddress];
    if (options.all) callback(null, addresses);
    else callback(null, first.address, first.family);
  });
};

function isLinkLocal(host: string): boolean {
  const version = isIP(host);
  return version !== 0 && linkLocal.check(host, version === 6 ? 'ipv6' : 'ipv4');
}

function linkLocalRefused(host: string): OptionsError {
  return new OptionsError(
    `The collector's host ${host} is a link-local address. Choose another, or set allowLinkLocal if it is meant.`,
  );
}
