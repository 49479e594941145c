import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import type { Decode, DecodedEntry, Entry } from './entry.ts';
import { asError, OptionsError, OversizeError, PayloadError } from './errors.ts';
import type { DeadLetter } from './group.ts';
import type { Masks } from './masks.ts';

/** A batch after screening: what can be delivered, and what never can. */
export interface Screened<Payload> {
  readonly items: readonly DecodedEntry<Payload>[];
  readonly refused: readonly DeadLetter[];
}

/** Turns entries into payloads before any sink sees them; what cannot be turned becomes a dead letter. */
export class Screen<Payload> {
  readonly #decode: Decode<Payload>;
  readonly #validate: ValidateFunction | undefined;
  readonly #maxBytes: number;
  readonly #masks: Masks | undefined;

  /**
   * @param schema JSON Schema that every payload must satisfy
   * @throws OptionsError when it is none
   */
  constructor(decode: Decode<Payload>, schema: object | undefined, maxBytes: number, masks?: Masks) {
    this.#decode = decode;
    this.#validate = schema && compiled(schema);
    this.#maxBytes = maxBytes;
    this.#masks = masks;
  }

  /** @throws OptionsError when `decode` is asynchronous, which is no fault of any entry */
  pass(entries: readonly Entry[]): Screened<Payload> {
    const items: DecodedEntry<Payload>[] = [];
    const refused: DeadLetter[] = [];
    for (const added of entries) {
      const entry = this.masked(added);
      try {
        this.#checkSize(added);
        items.push({ id: entry.id, entry, payload: this.#payload(entry) });
      } catch (thrown) {
        if (thrown instanceof OptionsError) throw thrown;
        const verdict = thrown instanceof OversizeError ? 'oversize' : 'undecodable';
        refused.push({ entry, verdict, reason: asError(thrown).message, attempts: 0 });
      }
    }
    return { items, refused };
  }

  /** What the team gets to see of an entry. */
  masked(entry: Entry): Entry {
    return this.#masks?.apply(entry) ?? entry;
  }

  #checkSize(entry: Entry): void {
    if (entry.byteLength <= this.#maxBytes) return;
    throw new OversizeError(
      `The entry holds ${entry.byteLength} bytes, more than the ${this.#maxBytes} of entry.maxBytes. Raise it, or cut the line where it is shipped.`,
    );
  }

  #payload(entry: Entry): Payload {
    const payload = this.#decode(entry);
    if (payload instanceof Promise) throw asynchronous(payload);
    if (this.#validate && !this.#validate(payload)) throw violation(this.#validate.errors?.[0]);
    return payload;
  }
}

function asynchronous(payload: Promise<unknown>): OptionsError {
  payload.catch(() => undefined);
  return new OptionsError('decode returned a promise. Make it synchronous, and do what takes time in the sink.');
}

function compiled(schema: object): ValidateFunction {
  try {
    return new Ajv({ allErrors: false, strict: true }).compile(schema);
  } catch (cause) {
    throw new OptionsError(`payloadSchema is no JSON Schema that can be used: ${asError(cause).message}. Correct it.`, {
      cause,
    });
  }
}

function violation(error: ErrorObject | undefined): PayloadError {
  const path = error?.instancePath || '/';
  return new PayloadError(
    `The payload's ${path} ${error?.message ?? 'does not match its schema'} (${error?.schemaPath}).`,
  );
}
