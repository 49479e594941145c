import type { Clock } from './clock.ts';
import type { Group } from './group.ts';
import type { InHand } from './in-hand.ts';

/**
 * Renews the leases of everything in hand, so that a slow sink is never robbed of what it works on. A renewal that
 * fails is due again at the next beat; what Redis is up to is the reader's to report.
 */
export async function renewLeases(
  ports: { readonly group: Group; readonly inHand: InHand; readonly clock: Clock },
  renewMs: number,
  until: AbortSignal,
): Promise<void> {
  const { group, inHand, clock } = ports;
  while (!until.aborted) {
    await clock.sleep(renewMs / 4, until);
    for (const lease of [...inHand.leases]) {
      if (until.aborted || clock.now() - lease.touchedAt < renewMs || !inHand.leases.has(lease)) continue;
      try {
        await group.touch(lease.ids);
        lease.touchedAt = clock.now();
      } catch {
        break;
      }
    }
  }
}
