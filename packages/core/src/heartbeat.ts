import type { Clock } from './clock.ts';
import { asError } from './errors.ts';
import { failpoint } from './failpoint.ts';
import type { Group } from './group.ts';
import type { InHand, Lease } from './in-hand.ts';
import type { RedisTrouble } from './redis-trouble.ts';

/** Of the time between two renewals, beats are this much apart: no lease waits longer than the least once it is due. */
const BEATS = { least: 1 / 4, most: 1 / 2 };

/**
 * Renews the leases of everything in hand, so that a slow sink is never robbed of what it works on. A renewal that
 * fails is due again at the next beat.
 */
export async function renewLeases(
  ports: { readonly group: Group; readonly inHand: InHand; readonly trouble: RedisTrouble; readonly clock: Clock },
  renewMs: number,
  until: AbortSignal,
): Promise<void> {
  const { inHand, trouble, clock } = ports;
  const dueInMs = (lease: Lease) => lease.touchedAt + renewMs - clock.now();
  const isDue = (lease: Lease) => dueInMs(lease) <= 0 && inHand.leases.has(lease);
  while (!until.aborted) {
    const nextMs = Math.min(BEATS.most * renewMs, ...[...inHand.leases].map(dueInMs));
    await clock.sleep(Math.max(BEATS.least * renewMs, nextMs), until);
    try {
      for (const lease of [...inHand.leases]) {
        if (!until.aborted && isDue(lease)) await renew(lease, ports);
      }
      trouble.over('leases');
    } catch (thrown) {
      if (!until.aborted) trouble.met('leases', asError(thrown));
    }
  }
}

async function renew(lease: Lease, { group, clock }: { readonly group: Group; readonly clock: Clock }): Promise<void> {
  const askedAt = clock.now();
  await failpoint('before-renew');
  await group.touch(lease.ids);
  lease.touchedAt = askedAt;
}
