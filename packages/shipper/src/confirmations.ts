import type { Writable } from 'node:stream';
import type { Confirm } from './shipper-options.ts';

const NEWLINE = 0x0a;
const BEGIN = Buffer.from('BEGIN TRANSACTION');
const COMMIT = Buffer.from('COMMIT TRANSACTION');
const MARKS = [BEGIN, COMMIT];
const NOTHING = Buffer.alloc(0);
/** Sooner than omprog's `confirmTimeout`, which is 10 s by default. */
const ALIVE_EVERY_MS = 2_000;

/** Answers that wait until what is before `end` is safe. */
interface Due {
  readonly end: number;
  readonly answers: string;
}

/**
 * What rsyslog's omprog is told with `confirmMessages="on"`: `OK` once at the start, then `OK` per message that is safe;
 * with `useTransactions="on"`, `OK` per transaction that is safe and `DEFER_COMMIT` per message at once; and a dot now
 * and then while it has to wait. See plugins/external/INTERFACE.md of rsyslog.
 */
export class Confirmations {
  readonly #confirm: Confirm;
  readonly #output: Writable;
  readonly #alive: NodeJS.Timeout;
  #due: Due[] = [];
  #isPaused = false;
  #atLineStart = true;
  /** The beginning of what may become a mark: rsyslog writes marks and their newlines apart. */
  #held: Buffer = NOTHING;

  constructor(confirm: Confirm, output: Writable) {
    this.#confirm = confirm;
    this.#output = output;
    this.#alive = setInterval(() => this.#sayAlive(), ALIVE_EVERY_MS);
    this.#alive.unref();
    this.#say('OK\n');
  }

  /** Whether the last message taken ended with its newline. */
  get isBetweenMessages(): boolean {
    return this.#atLineStart;
  }

  set isPaused(isPaused: boolean) {
    this.#isPaused = isPaused;
  }

  /** Appends the messages among the bytes. @param append returns where they end, as an offset of the journal */
  take(bytes: Buffer, append: (bytes: Buffer) => number): void {
    if (this.#confirm === 'messages') this.#takeMessages(bytes, append);
    else this.#takeTransactions(bytes, append);
  }

  /** Everything before that offset is safe. */
  reach(safeEnd: number): void {
    let answers = '';
    while (this.#due[0] && this.#due[0].end <= safeEnd) answers += this.#due.shift()?.answers;
    if (answers !== '') this.#say(answers);
  }

  close(): void {
    clearInterval(this.#alive);
  }

  #takeMessages(bytes: Buffer, append: (bytes: Buffer) => number): void {
    const end = append(bytes);
    let messages = 0;
    for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, at + 1)) messages++;
    this.#atLineStart = bytes.at(-1) === NEWLINE;
    if (messages > 0) this.#due.push({ end, answers: 'OK\n'.repeat(messages) });
  }

  #takeTransactions(more: Buffer, append: (bytes: Buffer) => number): void {
    const bytes = this.#held.length > 0 ? Buffer.concat([this.#held, more]) : more;
    this.#held = NOTHING;
    for (let from = 0; from < bytes.length; ) {
      const newline = bytes.indexOf(NEWLINE, from);
      const end = newline === -1 ? bytes.length : newline + 1;
      const line = bytes.subarray(from, newline === -1 ? end : newline);
      const mark = this.#atLineStart ? MARKS.find((one) => one.subarray(0, line.length).equals(line)) : undefined;
      if (mark && newline === -1) this.#held = Buffer.from(line);
      else if (mark?.length === line.length) this.#takeMark(mark, append);
      else this.#takePart(bytes.subarray(from, end), newline !== -1, append);
      from = end;
    }
  }

  #takeMark(mark: Buffer, append: (bytes: Buffer) => number): void {
    if (mark === BEGIN) this.#say('OK\n');
    else this.#due.push({ end: append(NOTHING), answers: 'OK\n' });
  }

  #takePart(bytes: Buffer, isEndOfMessage: boolean, append: (bytes: Buffer) => number): void {
    append(bytes);
    if (isEndOfMessage) this.#say('DEFER_COMMIT\n');
    this.#atLineStart = isEndOfMessage;
  }

  #sayAlive(): void {
    if (this.#isPaused || this.#due.length > 0) this.#say('.');
  }

  #say(answers: string): void {
    this.#output.write(answers);
  }
}
