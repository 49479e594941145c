import { setTimeout as sleep } from 'node:timers/promises';
import { appendLines } from './append-script.ts';
import { asError, ShipperError } from './errors.ts';
import type { LineBatch, StreamLines } from './line-batch.ts';
import type { RedisCommands } from './redis-commands.ts';
import { remedyFor } from './redis-remedy.ts';
import type { ShipperCounts } from './shipper-counts.ts';
import type { Report } from './shipper-events.ts';

const PAUSES = { minMs: 100, maxMs: 5_000 };

export interface StreamWriterPorts {
  readonly redis: RedisCommands;
  readonly name: string;
  readonly counts: ShipperCounts;
  readonly report: Report;
}

/** Brings batches of lines into Redis, for as long as it takes: one call per stream, repeated until it succeeds. */
export class StreamWriter {
  readonly #ports: StreamWriterPorts;
  readonly #told = new Set<string>();
  readonly #troubled = new Set<string>();
  #since = 0;

  constructor(ports: StreamWriterPorts) {
    this.#ports = ports;
  }

  /** Whether the last call for some stream failed. */
  get isTroubled(): boolean {
    return this.#troubled.size > 0;
  }

  /** @returns false when the signal aborted before Redis had everything */
  async store(batch: LineBatch, boot: string, signal: AbortSignal): Promise<boolean> {
    const stored = [...batch.streams()].map(([stream, lines]) => this.#storeIn(stream, lines, boot, signal));
    return (await Promise.all(stored)).every(Boolean);
  }

  async #storeIn(stream: string, { lines, pieces }: StreamLines, boot: string, signal: AbortSignal): Promise<boolean> {
    const { redis, name, counts, report } = this.#ports;
    for (let pauseMs = PAUSES.minMs; !signal.aborted; pauseMs = Math.min(2 * pauseMs, PAUSES.maxMs)) {
      const started = performance.now();
      try {
        const added = await untilAborted(appendLines(redis, stream, { name, boot }, pieces), signal);
        const tookMs = performance.now() - started;
        counts.stored += added;
        counts.duplicates += lines - added;
        this.#over(stream);
        report('stored', { stream, lines, duplicates: lines - added, tookMs });
        return true;
      } catch (thrown) {
        if (signal.aborted) return false;
        this.#met(stream, asError(thrown));
        await sleep(pauseMs * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => undefined);
      }
    }
    return false;
  }

  #met(stream: string, cause: Error): void {
    if (this.#troubled.size === 0) this.#since = performance.now();
    this.#troubled.add(stream);
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
