import { OptionsError } from '@distributary/core';

const DAY_MS = 86_400_000;
const DATE = /\{([^}]*)\}/;

/** Elasticsearch's own rules for a name, less the leading dot of hidden indices. */
const NAME = /^[^A-Z\\/*?"<>| ,#:{}_+.-][^A-Z\\/*?"<>| ,#:{}]*$/;
const MAX_NAME_BYTES = 255;

/**
 * The index of an entry, by the entry's own time and never by the clock, so that an entry delivered twice has the same
 * index both times. `{yyyy.MM.dd}`, `{yyyy.MM}` and `{yyyy}` become the date in UTC; a name without one is used as it
 * is, for an alias or a data stream.
 */
export class IndexName {
  readonly #before: string;
  readonly #date: string;
  readonly #after: string;
  #day = Number.NaN;
  #name = '';

  /** @throws OptionsError */
  constructor(pattern: string) {
    const [placeholder = '', date = ''] = DATE.exec(pattern) ?? [];
    const at = placeholder === '' ? pattern.length : pattern.indexOf(placeholder);
    this.#before = pattern.slice(0, at);
    this.#date = date;
    this.#after = pattern.slice(at + placeholder.length);
    const isDate = placeholder === '' || date === 'yyyy.MM.dd' || date === 'yyyy.MM' || date === 'yyyy';
    const example = this.at(0);
    if (!isDate || !NAME.test(example) || Buffer.byteLength(example) > MAX_NAME_BYTES) {
      throw new OptionsError(
        `Options of the Elasticsearch sink: index ${JSON.stringify(pattern)} is no name of an index. Write it in lower case, with one {yyyy.MM.dd}, {yyyy.MM} or {yyyy} for the date, such as syslog-{yyyy.MM.dd}.`,
      );
    }
  }

  /** @param time milliseconds since 1970 */
  at(time: number): string {
    const day = Math.floor(time / DAY_MS);
    if (day !== this.#day) {
      this.#day = day;
      const date = new Date(day * DAY_MS).toISOString().slice(0, this.#date.length).replaceAll('-', '.');
      this.#name = `${this.#before}${date}${this.#after}`;
    }
    return this.#name;
  }

  /** What covers every index of this name, for an index template. */
  get pattern(): string {
    return this.#date === '' ? this.#before : `${this.#before}*${this.#after}`;
  }
}
