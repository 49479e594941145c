import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * What happens to connections and bytes: all pass; the target's bytes are swallowed, or everybody's; replies come one
 * byte at a time; new connections are reset. A direction that lost bytes carries nothing more, whatever the mode is then.
 */
export type ProxyMode = 'pass' | 'drop-replies' | 'blackhole' | 'slice' | 'refuse';

const ASKED_KEPT = 65_536;

interface Connection {
  readonly client: Socket;
  readonly target: Socket;
  isHalfOpen: boolean;
}

/** A TCP proxy on a free port in front of a server, that can lose or hold up what it should carry. */
export class TcpProxy implements AsyncDisposable {
  mode: ProxyMode = 'pass';
  /** Where new connections lead: to another server after a failover. */
  targetPort: number;
  /** What all bytes wait on their way, each direction for itself. */
  latencyMs = 0;
  /** What a direction of a connection carries at most. */
  bytesPerSecond: number = Infinity;
  /** How many of the replies that {@link isWanted} picks are swallowed; their connections are then reset. */
  repliesToLose = 0;
  lostReplies = 0;
  /** Told everything that a connection asked so far, and a reply, both as Latin-1. Default: every reply. */
  isWanted: (asked: string, reply: string) => boolean = () => true;
  /** Connections accepted so far. */
  accepted = 0;
  readonly #server: Server;
  readonly #connections = new Set<Connection>();

  private constructor(targetPort: number) {
    this.targetPort = targetPort;
    this.#server = createServer((client) => this.#carry(client));
  }

  static async to(targetPort: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(targetPort);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Resets every connection that is open now. */
  reset(): void {
    for (const { client, target } of this.#connections) for (const socket of [client, target]) socket.resetAndDestroy();
  }

  /** Takes its target from every connection that is open now; its client is not told, and hears nothing more. */
  halfOpen(): void {
    for (const connection of this.#connections) {
      connection.isHalfOpen = true;
      connection.target.destroy();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { client, target } of this.#connections) for (const socket of [client, target]) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #carry(client: Socket): void {
    this.accepted++;
    if (this.mode === 'refuse') {
      client.resetAndDestroy();
      return;
    }
    const target = createConnection({ host: '127.0.0.1', port: this.targetPort });
    const connection = { client, target, isHalfOpen: false };
    this.#connections.add(connection);
    for (const socket of [client, target]) socket.on('error', () => undefined);
    client.on('close', () => {
      this.#connections.delete(connection);
      target.destroy();
    });
    target.on('close', () => {
      if (!connection.isHalfOpen) client.destroy();
    });
    const there = this.#direction(target);
    const back = this.#direction(client);
    let asked = '';
    client.on('data', (bytes) => {
      if (this.repliesToLose > 0) asked = (asked + bytes.toString('latin1')).slice(-ASKED_KEPT);
      there(bytes, this.mode === 'blackhole');
    });
    target.on('data', (bytes) => {
      if (this.repliesToLose > 0 && this.isWanted(asked, bytes.toString('latin1'))) {
        this.repliesToLose--;
        this.lostReplies++;
        client.resetAndDestroy();
      } else if (this.mode === 'slice') for (const byte of bytes) back(Buffer.of(byte), false);
      else back(bytes, this.mode !== 'pass');
    });
  }

  /** Brings bytes to a socket in their order, each when a line of this latency and bandwidth would have. */
  #direction(to: Socket): (bytes: Buffer, isLost: boolean) => void {
    let hasLost = false;
    let lastByteAt = 0;
    let underWay = 0;
    let last: Promise<unknown> = Promise.resolve();
    return (bytes, isLost) => {
      hasLost ||= isLost;
      if (hasLost) return;
      lastByteAt = Math.max(lastByteAt, performance.now()) + (1_000 * bytes.length) / this.bytesPerSecond;
      const arrivesAt = lastByteAt + this.latencyMs;
      if (underWay === 0 && arrivesAt <= performance.now()) return void to.write(bytes);
      underWay++;
      last = last.then(async () => {
        await sleep(Math.max(0, arrivesAt - performance.now()));
        underWay--;
        if (!to.destroyed) to.write(bytes);
      });
    };
  }
}
