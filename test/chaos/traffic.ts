import { randomUUID } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { Random } from '../simulation/random.ts';
import { poisonOf, type Site, STREAM, TEAMS } from './site.ts';

/** What nobody can decode: its dead letter is expected of every team. */
export const UNDECODABLE_FIELD = 'not-a-line';

const TICK_MS = 25;
/** One in so many lines is refused by one team's destination for good. */
const POISON_EVERY = 997;
/** Of the entries that are added beside the shipper, one in so many has no line. */
const UNDECODABLE_EVERY = 41;

/** Lines that break what does not take them as bytes. */
const ODD_LINES: readonly Buffer[] = [
  Buffer.from([0x3c, 0x31, 0x3e, 0xff, 0xfe, 0x80, 0xc3, 0x28]),
  Buffer.from('a\0b\r\nc\n{"create":{"_index":"smuggled"}}\n{}\n'),
  Buffer.from('{"__proto__":{"a":1},"constructor":null,"n":9223372036854775808}'),
  Buffer.from(''),
  Buffer.alloc(65_536, 'x'),
];

/** Lines into the shipper's pipe, and entries into Redis past the shipper, as fast as asked for until it is ended. */
export class Traffic {
  /** Every line that went into the pipe, in order. */
  readonly piped: string[] = [];
  /** IDs that Redis gave to entries added past the shipper. */
  readonly acknowledged: string[] = [];
  readonly #random: Random;
  readonly #linesPerSecond: number;
  readonly #producer: Redis;
  readonly #ended = new AbortController();
  readonly #writer: FileHandle;
  readonly #running: Promise<unknown>;

  private constructor(site: Site, writer: FileHandle, linesPerSecond: number, random: Random) {
    this.#random = random;
    this.#linesPerSecond = linesPerSecond;
    this.#writer = writer;
    this.#producer = new Redis(site.redis.url, {
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      commandTimeout: 3_000,
      retryStrategy: () => 200,
    });
    this.#producer.on('error', () => undefined);
    this.#running = Promise.all([this.#pipeLines(), this.#addEntries()]);
  }

  static async start(site: Site, linesPerSecond: number, random: Random): Promise<Traffic> {
    // A writer that stays, as rsyslog does, so that what is in the pipe outlives the shipper.
    return new Traffic(site, await open(site.pipe, 'r+'), linesPerSecond, random);
  }

  /** Writes a last line, and resolves once everything is in the pipe. @returns that line */
  async end(): Promise<string> {
    this.#ended.abort();
    await this.#running;
    this.#producer.disconnect();
    const last = `<164>the last line ${randomUUID()}`;
    await this.#write([last]);
    await this.#writer.close();
    return last;
  }

  async #pipeLines(): Promise<void> {
    const startedAt = performance.now();
    let due = 0;
    while (!this.#ended.signal.aborted) {
      await sleep(TICK_MS);
      // What a full pipe held up is not made up for: that would be a burst at each recovery.
      const next = Math.floor(((performance.now() - startedAt) * this.#linesPerSecond) / 1_000);
      const count = Math.min(next - due, this.#linesPerSecond);
      due = next;
      await this.#write(Array.from({ length: count }, (_, i) => this.#line(this.piped.length + i)));
    }
  }

  async #write(lines: readonly string[]): Promise<void> {
    if (lines.length === 0) return;
    await this.#writer.appendFile(lines.map((line) => `${line}\n`).join(''));
    this.piped.push(...lines);
  }

  async #addEntries(): Promise<void> {
    for (let i = 0; !this.#ended.signal.aborted; i++) {
      await sleep(4 * TICK_MS);
      const eid = this.#random.chance(0.5) ? ['eid', `beside.${i}.${randomUUID()}`] : [];
      const fields = i % UNDECODABLE_EVERY === 7 ? [UNDECODABLE_FIELD, `${i}`] : ['line', this.#oddLine(i)];
      try {
        this.acknowledged.push(String(await this.#producer.xadd(STREAM, '*', ...fields, ...eid)));
      } catch {
        // Redis is away, full or demoted: whether the entry was added, the stream tells.
      }
    }
  }

  #oddLine(i: number): string | Buffer {
    return i % 3 === 0 ? (ODD_LINES[(i / 3) % ODD_LINES.length] as Buffer) : this.#line(-i);
  }

  #line(n: number): string {
    const poison = n % POISON_EVERY === 500 ? poisonOf(TEAMS[(n / POISON_EVERY) & 1] ?? 'noc') : 'usual';
    const source = `outside:203.0.113.${Math.abs(n) % 250}/${1_024 + (Math.abs(n) % 60_000)}`;
    return `<164>Nov 23 20:01:02 fw-edge-1 %ASA-4-106023: Deny tcp src ${source} dst inside:10.1.2.3/443 by access-group "${poison}.${n}" [0x1a2b3c4d, 0x0]`;
  }
}
