import type { DeliveryResult } from '@distributary/core';
import type { UnreadLoss } from './core-ports.ts';

/** What one process was told, beside what it reports. */
export class ProcessAccount {
  confirmed = 0;
  delivered = 0;
  /** What had been lost unread when the process first could know; undefined while it cannot. */
  #lostBefore: number | undefined;
  #lostUnread = 0;

  answered(results: readonly DeliveryResult[]): void {
    for (const { status } of results) if (status === 'delivered') this.confirmed++;
  }

  /** The process asked what its group has lost unread. */
  looked(loss: UnreadLoss | undefined): void {
    if (loss) this.#lostBefore ??= loss.passed ? loss.count : 0;
  }

  reportsLostUnread(amount: number): void {
    this.#lostUnread += amount;
  }

  /** Whether the process has reported all of a loss that is never forgotten. */
  knowsOf(lost: number): boolean {
    return this.#lostBefore === undefined || this.#lostUnread === lost - this.#lostBefore;
  }
}
