import { type Entry, eventIdentityJson } from '@distributary/core';

/** What the collector is told about every event; never taken from an event's content. */
export interface EventOrigin {
  readonly host?: string | undefined;
  readonly source?: string | undefined;
  readonly sourcetype?: string | undefined;
  readonly index?: string | undefined;
}

/** Closes the envelope. */
export const ENVELOPE_END = '}';

/**
 * Wraps an event's text for the collector: `time` and the identity come from the entry, `host`, `source`, `sourcetype`
 * and `index` from the configuration, and the event stands alone in `event`, so that no content can pass for them.
 */
export class Envelope {
  readonly #beforeFields: string;
  #lastTime = -1;
  #lastTimeText = '';

  constructor(origin: EventOrigin) {
    const { host, source, sourcetype, index } = origin;
    const configured = JSON.stringify({ host, source, sourcetype, index }).slice(1, -1);
    this.#beforeFields = `${configured === '' ? '' : `,${configured}`},"fields":{"distributary_id":`;
  }

  /**
   * Everything of the envelope that stands before the event's own text; {@link ENVELOPE_END} goes behind it.
   * @param timeMs when the event happened, in milliseconds since 1970
   */
  before(entry: Entry, timeMs: number): string {
    const head = `{"time":${this.#seconds(timeMs)}${this.#beforeFields}${eventIdentityJson(entry)}`;
    return `${head},"distributary_entry_id":"${entry.id}"},"event":`;
  }

  #seconds(timeMs: number): string {
    if (timeMs !== this.#lastTime) {
      this.#lastTimeText = (timeMs / 1000).toFixed(3);
      this.#lastTime = timeMs;
    }
    return this.#lastTimeText;
  }
}
