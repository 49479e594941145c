import { type ChildProcess, spawn } from 'node:child_process';
import { connect } from 'node:net';
import { endProcess, hasEnded } from './end-process.ts';
import { freePort } from './free-port.ts';
import { guard } from './guard.ts';
import type { RedisFixture } from './redis-fixture.ts';
import { type TemporaryFolder, temporaryFolder } from './temporary-folder.ts';
import { until } from './until.ts';

export interface RedisProcessOptions {
  readonly bin: string;
  readonly describe: string;
  readonly args: readonly string[];
  readonly persistent: boolean;
}

const READY_WITHIN_MS = 30_000;
const OUTPUT_KEPT = 4_000;
/** A port that was free a moment ago may be taken. */
const PORTS_TRIED = 3;

/**
 * A Redis or Valkey server as a process of ours, on a loopback port and in a folder of its own. An interrupt at the
 * terminal does not reach it, so that what is draining can still use it; the end of this process does.
 */
export class RedisProcess implements RedisFixture {
  readonly kind = 'process';
  readonly describe: string;
  readonly port: number;
  readonly url: string;
  readonly #options: RedisProcessOptions;
  readonly #folder: TemporaryFolder;
  #child: ChildProcess | undefined;
  #guard: Disposable | undefined;
  #output = '';

  private constructor(options: RedisProcessOptions, port: number, folder: TemporaryFolder) {
    this.#options = options;
    this.#folder = folder;
    this.port = port;
    this.url = `redis://127.0.0.1:${port}`;
    this.describe = options.describe;
  }

  /** @throws Error with the server's last output when it does not answer */
  static async start(options: RedisProcessOptions): Promise<RedisProcess> {
    for (let portsLeft = PORTS_TRIED; ; portsLeft--) {
      const redis = new RedisProcess(options, await freePort(), await temporaryFolder());
      try {
        await redis.#run();
        return redis;
      } catch (thrown) {
        await redis[Symbol.asyncDispose]();
        if (portsLeft === 1 || !/address already in use/i.test(redis.#output)) throw thrown;
      }
    }
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async restart(): Promise<void> {
    await this.#end('SIGTERM');
    await this.#run();
  }

  async pause(): Promise<void> {
    this.#child?.kill('SIGSTOP');
  }

  async resume(): Promise<void> {
    this.#child?.kill('SIGCONT');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end('SIGKILL');
    await this.#folder[Symbol.asyncDispose]();
  }

  async #run(): Promise<void> {
    const { bin, args, persistent } = this.#options;
    const own = ['--port', `${this.port}`, '--bind', '127.0.0.1', '--dir', this.#folder.path, '--save', ''];
    const kept = persistent ? ['--appendonly', 'yes', '--appendfsync', 'always'] : ['--appendonly', 'no'];
    const child = spawn(bin, [...own, ...kept, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    this.#child = child;
    this.#guard = guard(child);
    const keep = (chunk: Buffer) => {
      this.#output = (this.#output + chunk).slice(-OUTPUT_KEPT);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('error', (error) => keep(Buffer.from(`${error.message}\n`)));
    await until(async () => hasEnded(child) || (await pings(this.port)), {
      timeoutMs: READY_WITHIN_MS,
      describe: `${bin} to answer on port ${this.port}`,
    });
    if (hasEnded(child)) throw new Error(`${bin} ended before it answered. Its last output:\n${this.#output}`);
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    this.#guard?.[Symbol.dispose]();
    if (!child) return;
    child.kill('SIGCONT');
    await endProcess(child, signal);
  }
}

/** Whether a Redis that has loaded its data answers there. */
function pings(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    socket.setTimeout(1_000, () => socket.destroy());
    socket.once('data', (reply) => {
      resolve(reply.toString().startsWith('+PONG'));
      socket.destroy();
    });
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
  });
}
