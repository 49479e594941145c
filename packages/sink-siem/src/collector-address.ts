import { type LookupAddress, lookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { OptionsError } from '@distributary/core';

const linkLocal = new BlockList();
linkLocal.addSubnet('169.254.0.0', 16, 'ipv4');
linkLocal.addSubnet('fe80::', 10, 'ipv6');

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
  const parsed = URL.parse(url);
  if (parsed === null || !['http:', 'https:'].includes(parsed.protocol)) {
    throw new OptionsError(
      'The URL of the collector is not an http: or https: address. Set SIEM_URL to its base address.',
    );
  }
  if (parsed.username !== '' || parsed.password !== '' || parsed.search !== '' || parsed.hash !== '') {
    throw new OptionsError(
      'The URL of the collector holds credentials, a query or a fragment. Keep SIEM_URL to the base address, and put the token into SIEM_TOKEN.',
    );
  }
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
