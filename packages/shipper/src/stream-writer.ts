import { setTimeout as sleep } from 'node:timers/promises';
import { type Appended, type AppendTarget, appendLines } from './append-script.ts';
import { asError, ShipperError } from './errors.ts';
import type { LineBatch, Piece, StreamLines } from './line-batch.ts';
import type { RedisCommands } from './redis-commands.ts';
import { remedyFor } from './redis-remedy.ts';
import type { ShippedRange, ShippedRanges } from './shipped-ranges.ts';
import type { ShipperCounts } from './shipper-counts.ts';
import type { Report } from './shipper-events.ts';

const PAUSES = { minMs: 100, maxMs: 5_000 };

export interface StreamWriterPorts {
  readonly redis: RedisCommands;
  readonly name: string;
  readonly shipped: ShippedRanges;
  readonly counts: ShipperCounts;
  readonly report: Report;
}

/** `behind`: Redis has lost lines that it had confirmed, and a part of the batch may not have been added. */
export type StoreOutcome = 'stored' | 'behind' | 'aborted';

/** Of what Redis has confirmed it remembers no more than the line at that offset; undefined: nothing. */
export interface Behind {
  readonly range: ShippedRange;
  readonly remembered: number | undefined;
}

/** Brings batches of lines into Redis, for as long as it takes: one call per stream, repeated until it succeeds. */
export class StreamWriter {
  readonly #ports: StreamWriterPorts;
  readonly #told = new Set<string>();
  readonly #troubled = new Set<string>();
  #since = 0;
  /** A call failed since Redis was last asked what it remembers: it may have come back without its tail. */
  isDoubtful = false;

  constructor(ports: StreamWriterPorts) {
    this.#ports = ports;
  }

  /** Whether the last call for some stream failed. */
  get isTroubled(): boolean {
    return this.#troubled.size > 0;
  }

  /** Until Redis has everything, or has lost something, or the signal aborts. */
  async store(batch: LineBatch, boot: string, signal: AbortSignal): Promise<StoreOutcome> {
    const stored = [...batch.streams()].map(([stream, lines]) => this.#storeIn(stream, lines, boot, signal));
    const outcomes = new Set(await Promise.all(stored));
    if (outcomes.has('aborted')) return 'aborted';
    return outcomes.has('behind') ? 'behind' : 'stored';
  }

  /** Asks Redis for each stream whether it still has what it has confirmed. @returns undefined on abort */
  async findBehind(signal: AbortSignal): Promise<Behind[] | undefined> {
    this.isDoubtful = false;
    const asked = this.#ports.shipped.all().map(async (range) => ({ range, reply: await this.#ask(range, signal) }));
    const answered = await Promise.all(asked);
    if (signal.aborted) return undefined;
    return answered.flatMap(({ range, reply }) =>
      reply?.status === 'behind' ? { range, remembered: reply.remembered } : [],
    );
  }

  #ask({ name, stream, boot, last }: ShippedRange, signal: AbortSignal): Promise<Appended | undefined> {
    return this.#append({ name, stream, boot, confirmed: last }, [], signal);
  }

  async #storeIn(stream: string, taken: StreamLines, boot: string, signal: AbortSignal): Promise<StoreOutcome> {
    const { name, shipped, counts, report } = this.#ports;
    const { lines, pieces } = taken;
    const confirmed = shipped.of(stream, boot)?.last;
    const started = performance.now();
    const reply = await this.#append({ stream, boot, name, confirmed }, pieces, signal);
    if (reply?.status !== 'added') return reply?.status ?? 'aborted';
    shipped.add(stream, boot, taken);
    const duplicates = lines - reply.lines;
    counts.stored += reply.lines;
    counts.duplicates += duplicates;
    report('stored', { stream, lines, duplicates, tookMs: performance.now() - started });
    return 'stored';
  }

  /** Repeats the call until it succeeds. @returns undefined on abort */
  async #append(target: AppendTarget, pieces: readonly Piece[], signal: AbortSignal): Promise<Appended | undefined> {
    const { stream } = target;
    for (let pauseMs = PAUSES.minMs; !signal.aborted; pauseMs = Math.min(2 * pauseMs, PAUSES.maxMs)) {
      try {
        const reply = await untilAborted(appendLines(this.#ports.redis, target, pieces), signal);
        this.#over(stream);
        return reply;
      } catch (thrown) {
        if (signal.aborted) break;
        this.#met(stream, asError(thrown));
        await sleep(pauseMs * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => undefined);
      }
    }
    return undefined;
  }

  #met(stream: string, cause: Error): void {
    if (this.#troubled.size === 0) this.#since = performance.now();
    this.#troubled.add(stream);
    this.isDoubtful = true;
    const topic = cause.name === 'ReplyError' ? `${stream} ${cause.message}` : '';
    if (this.#told.has(topic)) return;
    this.#told.add(topic);
    const message = `Adding lines to ${stream} failed: ${cause.message.replace(/[.\s]+$/, '')}. ${remedyFor(cause)}`;
    this.#ports.report('redisUnavailable', { reason: new ShipperError('REDIS', message, { cause }) });
  }

  #over(stream: string): void {
    if (!this.#troubled.delete(stream) || this.#troubled.size > 0) return;
    this.#told.clear();
    this.#ports.report('redisRecovered', { afterMs: performance.now() - this.#since });
  }
}

/** A call under way cannot be taken back, but it need not be waited for. */
function untilAborted<Result>(call: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
    call.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
