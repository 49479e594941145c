import { closeSync, openSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { RedisConnection } from '@distributary/core';
import { Shipper, type ShipperEvents, type ShipperOptions } from '@distributary/shipper';
import { type TemporaryFolder, temporaryFolder, until } from '@distributary/testing';

type Event = {
  [Name in keyof ShipperEvents]: { readonly name: Name; readonly payload: ShipperEvents[Name][0] };
}[keyof ShipperEvents];

/** A shipper together with everything it has reported. */
export class TestShipper extends Shipper {
  readonly events: Event[] = [];

  override emit: Shipper['emit'] = (name, ...payload) => {
    this.events.push({ name, payload: payload[0] } as Event);
    return super.emit(name, ...payload);
  };

  reported<Name extends keyof ShipperEvents>(name: Name): ShipperEvents[Name][0][] {
    return this.events.flatMap((event) => (event.name === name ? [event.payload as never] : []));
  }
}

export interface ShippedEntry {
  readonly line: Buffer;
  readonly eid: string;
}

/** A folder, a pipe in it, a stream of one test's own, and the shippers between them. */
export class House implements AsyncDisposable {
  readonly stream = `stream-${process.pid}-${++streams}`;
  readonly redis: RedisConnection;
  readonly #folder: TemporaryFolder;
  readonly #shippers: TestShipper[] = [];
  readonly #connections: RedisConnection[] = [];

  private constructor(url: string, folder: TemporaryFolder) {
    this.redis = new RedisConnection({ url }, 'test');
    this.#folder = folder;
  }

  static async at(url: string): Promise<House> {
    return new House(url, await temporaryFolder());
  }

  get folder(): string {
    return this.#folder.path;
  }

  get pipe(): string {
    return `${this.folder}/pipe`;
  }

  get wal(): string {
    return `${this.folder}/wal`;
  }

  connect(url: string, commandTimeoutMs = 2_000): RedisConnection {
    const connection = new RedisConnection({ url, commandTimeoutMs }, 'shipper');
    this.#connections.push(connection);
    return connection;
  }

  create(options: Partial<ShipperOptions> = {}): TestShipper {
    const shipper = new TestShipper({
      redis: this.redis,
      stream: this.stream,
      input: { kind: 'fifo', path: this.pipe },
      wal: { folder: this.wal },
      name: 'test',
      ...options,
    });
    this.#shippers.push(shipper);
    return shipper;
  }

  async start(options: Partial<ShipperOptions> = {}): Promise<TestShipper> {
    const shipper = this.create(options);
    await shipper.start();
    return shipper;
  }

  /** As one write of a writer that comes and goes; it must fit into the pipe. */
  write(bytes: string | Buffer): void {
    const pipe = openSync(this.pipe, 'w');
    try {
      const content = Buffer.from(bytes as string);
      if (writeSync(pipe, content) !== content.length) throw new Error('The pipe took a part of it.');
    } finally {
      closeSync(pipe);
    }
  }

  /** As a writer that waits while the pipe is full. */
  async writeInTurn(chunks: readonly string[]): Promise<void> {
    await using pipe = await open(this.pipe, 'w');
    for (const chunk of chunks) await pipe.writeFile(chunk);
  }

  async length(stream: string = this.stream): Promise<number> {
    return Number(await this.redis.call('XLEN', stream));
  }

  async entries(stream: string = this.stream): Promise<ShippedEntry[]> {
    const found: ShippedEntry[] = [];
    for (let from = '-'; ; ) {
      const page = (await this.redis.call('XRANGE', stream, from, '+', 'COUNT', 5_000)) as [Buffer, Buffer[]][];
      for (const [, [, line = Buffer.alloc(0), , eid]] of page) found.push({ line, eid: String(eid) });
      const last = page.at(-1);
      if (!last) return found;
      from = `(${last[0]}`;
    }
  }

  async lines(stream: string = this.stream): Promise<string[]> {
    return (await this.entries(stream)).map(({ line }) => line.toString('latin1'));
  }

  async untilStored(count: number, timeoutMs = 20_000): Promise<void> {
    await until(async () => (await this.length()) >= count, { timeoutMs, describe: `${count} entries` });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#shippers.map((shipper) => shipper.stop({ timeoutMs: 1_000 })));
    for (const connection of [this.redis, ...this.#connections]) connection.close();
    await this.#folder[Symbol.asyncDispose]();
  }
}

let streams = 0;
