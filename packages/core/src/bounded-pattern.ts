import { asError, OptionsError } from './errors.ts';

/** Ways in which a pattern may be tried from one place of a line; a thousand were measured at about 15 µs. */
const MAX_WAYS = 1_000;
const MAX_REPETITIONS = 1_000;

/**
 * A regular expression whose search of a line takes time in proportion to its length, whatever the line holds. Lines
 * are written by strangers, and a pattern such as `(a+)+b` can be made to try for years.
 * @throws OptionsError saying what to write instead
 */
export function boundedPattern(source: string): RegExp {
  try {
    const pattern = new RegExp(source, 'gud');
    new PatternCost(source).check();
    return pattern;
  } catch (thrown) {
    if (thrown instanceof OptionsError) throw thrown;
    throw new OptionsError(`${JSON.stringify(source)} is no regular expression: ${asError(thrown).message}.`);
  }
}

const GROUP_START = /\((?:\?(?:[ims-]*:|<?[=!]|<\w+>))?/y;
const ATOM = /\[(?:\\.|[^\]\\])*\]|\\[pPu]\{[^}]*\}|\\.|./suy;
const QUANTIFIER = /([*+?]|\{(\d+)(,)?(\d+)?\})\??/y;

/** Reads a pattern that the engine has taken, and counts in how many ways it can match from one place. */
class PatternCost {
  readonly #source: string;
  #at = 0;
  #lookarounds = 0;

  constructor(source: string) {
    this.#source = source;
  }

  check(): void {
    if (this.#alternatives() > MAX_WAYS) throw this.#refusal('can match in too many ways');
  }

  #alternatives(): number {
    let ways = this.#sequence();
    while (this.#source[this.#at] === '|') {
      this.#at++;
      ways += this.#sequence();
    }
    return ways;
  }

  #sequence(): number {
    let ways = 1;
    while (this.#at < this.#source.length && !'|)'.includes(this.#source[this.#at] as string)) ways *= this.#term();
    return ways;
  }

  #term(): number {
    const group = this.#take(GROUP_START);
    if (group) return this.#group(group[0]);
    const [atom = ''] = this.#take(ATOM) ?? [];
    if (/^\\[1-9k]/.test(atom)) throw this.#refusal(`refers back by ${atom}`);
    return this.#repeated(1, true);
  }

  #group(start: string): number {
    const lookaround = /[=!]$/.test(start) ? 1 : 0;
    this.#lookarounds += lookaround;
    const ways = this.#alternatives();
    this.#at++;
    this.#lookarounds -= lookaround;
    return this.#repeated(ways, false);
  }

  #repeated(ways: number, single: boolean): number {
    const [all, kind, least, comma, most] = this.#take(QUANTIFIER) ?? [];
    if (all === undefined) return ways;
    const [from, to] =
      kind === '?' ? [0, 1] : [Number(least ?? 0), comma ? Number(most ?? Infinity) : Number(least ?? Infinity)];
    if (to === Infinity) {
      // At the very end nothing can fail behind it, so nothing is ever tried again.
      if (single && this.#lookarounds === 0 && /^\)*$/.test(this.#source.slice(this.#at))) return ways;
      throw this.#refusal(`repeats without bound by ${all}`);
    }
    if (to > MAX_REPETITIONS) throw this.#refusal(`repeats too often by ${all}`);
    let sum = from === 0 ? 1 : 0;
    for (let times = Math.max(1, from); times <= to && sum <= MAX_WAYS; times++) sum += ways ** times;
    return Math.max(sum, to);
  }

  #take(shape: RegExp): RegExpExecArray | null {
    shape.lastIndex = this.#at;
    const found = shape.exec(this.#source);
    if (found) this.#at = shape.lastIndex;
    return found;
  }

  #refusal(what: string): OptionsError {
    return new OptionsError(
      `The pattern ${JSON.stringify(this.#source)} ${what}, and a line could be made that holds its team up. ` +
        'Bound what repeats, as in \\S{1,64}, with few of them in a row; only a single character at the very end may repeat without bound.',
    );
  }
}
