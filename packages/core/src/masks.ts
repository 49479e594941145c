import { isUtf8 } from 'node:buffer';
import { createHmac } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { boundedPattern } from './bounded-pattern.ts';
import { Entry } from './entry.ts';
import { OptionsError } from './errors.ts';
import { EVENT_ID_FIELD, eventId, eventIdentity } from './identity.ts';
import type { MaskedKind, MaskRule } from './mask-rule.ts';
import type { Secret } from './secret.ts';

/** Larger entries are not searched: each of their values is masked as a whole. Four times the longest line of a shipper. */
const MAX_SEARCHED_BYTES = 256 * 1024;

/** With fewer characters a key can be guessed, and with it every address. */
const MIN_KEY_LENGTH = 16;

/** Pseudonyms remembered per mask: an HMAC takes ten times as long as finding what it is made of. */
const MAX_REMEMBERED = 10_000;

/** 64 bits of the HMAC: among a million values, two share a pseudonym with a chance of one in 37 million. */
const PSEUDONYM_DIGITS = 16;

/** Each is linear in the line's length: what repeats is bounded, or is tried from the beginning of its run only. */
const DETECTORS: Readonly<Record<MaskedKind, RegExp>> = {
  ipv4: /\d{1,3}(?:\.\d{1,3}){3}/dgu,
  ipv6: /(?<!\w)(?:[\dA-Fa-f]{0,4}:){2,8}(?:[\dA-Fa-f]{1,4}|(?<=::))(?:\.\d{1,3}){0,3}/dgu,
  mac: /[\dA-Fa-f]{2}(?:[:-][\dA-Fa-f]{2}){5}|[\dA-Fa-f]{4}(?:\.[\dA-Fa-f]{4}){2}/dgu,
  email: /(?<![\p{L}\p{N}_.%+-])[\p{L}\p{N}_.%+-]+@[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)*/dgu,
  // As Cisco writes it: user = x, User 'x', Username: x, User <x>.
  username: /\buser(?:name)?\s{0,2}(?:[=:]\s{0,2}['"<]?|['"<])([^\s'"<>,;]+)/dgiu,
};

/** Of two colons and hexadecimal digits most are times of day. */
const CONFIRM: Partial<Record<MaskedKind, (found: string) => boolean>> = { ipv6: isIPv6 };

interface Mask {
  readonly pattern: RegExp;
  readonly replace: (found: string) => string;
}

/**
 * Hides a team's share of personal data before anything of an entry is seen: by decode, sink, dead letter or log. Its
 * identity stays that of the entry as it was added, so that it is one event masked or not, delivered once or again.
 */
export class Masks {
  readonly #masks: readonly Mask[];

  /**
   * @param key for pseudonyms
   * @throws OptionsError when a pattern cannot be used, or a pseudonym has no key
   */
  constructor(rules: readonly MaskRule[], key: Secret | undefined) {
    this.#masks = rules.map((rule) => maskOf(rule, key));
  }

  /** The same object when nothing of it is hidden. The `eid` is the event's name and stays. */
  apply(entry: Entry): Entry {
    const searched = entry.byteLength <= MAX_SEARCHED_BYTES;
    const name = eventId(entry) === undefined ? undefined : entry.bytes(EVENT_ID_FIELD);
    let masked = false;
    const parts: Buffer[] = [];
    for (const [field, value] of entry.fields()) {
      const shown = value === name ? value : searched ? this.#bytes(value) : hiddenWhole(value);
      masked ||= shown !== value;
      parts.push(field, shown);
    }
    return masked ? new Entry(entry.id, parts, eventIdentity(entry)) : entry;
  }

  /** Bytes that are not UTF-8 are searched one by one, as Latin-1, and stay what they are. */
  #bytes(value: Buffer): Buffer {
    const encoding = isUtf8(value) ? 'utf8' : 'latin1';
    const text = value.toString(encoding);
    const shown = this.text(text);
    return shown === text ? value : Buffer.from(shown, encoding);
  }

  text(text: string): string {
    return this.#masks.reduce(masked, text);
  }
}

function masked(text: string, { pattern, replace }: Mask): string {
  let shown = '';
  let from = 0;
  for (const { indices } of text.matchAll(pattern)) {
    const [start, end] = indices?.[1] ?? indices?.[0] ?? [0, 0];
    if (start === end) continue;
    shown += text.slice(from, start) + replace(text.slice(start, end));
    from = end;
  }
  return from === 0 ? text : shown + text.slice(from);
}

function maskOf({ find, pattern, replaceBy, text }: MaskRule, key: Secret | undefined): Mask {
  if ((find === undefined) === (pattern === undefined)) {
    throw new OptionsError('A mask says what it hides by either "find" or "pattern". Give one of the two.');
  }
  const hide = replaceBy === 'text' ? () => text : pseudonyms(find ?? 'masked', key);
  const confirm = find && CONFIRM[find];
  return {
    pattern: find ? DETECTORS[find] : boundedPattern(pattern as string),
    replace: confirm ? (found) => (confirm(found) ? hide(found) : found) : hide,
  };
}

/** What has a pseudonym keeps it, so that a dead letter that is delivered again is what it was. */
const PSEUDONYM = /^(?:ipv4|ipv6|mac|email|username|masked)-[\da-f]{16}$/;

function pseudonyms(kind: string, key: Secret | undefined): (found: string) => string {
  const bytes = key?.reveal() ?? '';
  if (bytes.length < MIN_KEY_LENGTH) {
    throw new OptionsError(
      `A mask replaces by pseudonym, and ${bytes === '' ? 'there is no key' : 'the key is too short'}. ` +
        `Set DISTRIBUTARY_MASK_KEY_FILE or DISTRIBUTARY_MASK_KEY to at least ${MIN_KEY_LENGTH} characters, such as those of: openssl rand -hex 32`,
    );
  }
  const remembered = new Map<string, string>();
  return (found) => {
    const known = remembered.get(found);
    if (known !== undefined) return known;
    if (PSEUDONYM.test(found)) return found;
    const digits = createHmac('sha256', bytes).update(found).digest('hex').slice(0, PSEUDONYM_DIGITS);
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    remembered.set(found, `${kind}-${digits}`);
    return `${kind}-${digits}`;
  };
}

function hiddenWhole(value: Buffer): Buffer {
  return Buffer.from(`(masked: ${value.length} bytes, more than are searched)`);
}
