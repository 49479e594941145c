import { createConnection, createServer, type Server, type Socket } from 'node:net';

/**
 * What happens to connections and bytes: all pass; the target's bytes are swallowed, or everybody's; replies come one
 * byte at a time; new connections are reset.
 */
export type ProxyMode = 'pass' | 'drop-replies' | 'blackhole' | 'slice' | 'refuse';

const ASKED_KEPT = 65_536;

/** A TCP proxy on a free port in front of a Redis, that can lose what it should carry. */
export class TcpProxy implements AsyncDisposable {
  mode: ProxyMode = 'pass';
  /** How many of the replies that {@link isWanted} picks are swallowed; their connections are then reset. */
  repliesToLose = 0;
  lostReplies = 0;
  /** Told everything that a connection asked so far, and a reply, both as Latin-1. Default: every reply. */
  isWanted: (asked: string, reply: string) => boolean = () => true;
  /** Connections accepted so far. */
  accepted = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(targetPort: number) {
    this.#server = createServer((client) => this.#carry(client, targetPort));
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
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #carry(client: Socket, targetPort: number): void {
    this.accepted++;
    if (this.mode === 'refuse') {
      client.resetAndDestroy();
      return;
    }
    const target = createConnection({ host: '127.0.0.1', port: targetPort });
    for (const [socket, other] of [
      [client, target],
      [target, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
    let asked = '';
    client.on('data', (bytes) => {
      if (this.repliesToLose > 0) asked = (asked + bytes.toString('latin1')).slice(-ASKED_KEPT);
      if (this.mode !== 'blackhole') target.write(bytes);
    });
    target.on('data', (bytes) => {
      if (this.repliesToLose > 0 && this.isWanted(asked, bytes.toString('latin1'))) {
        this.repliesToLose--;
        this.lostReplies++;
        client.resetAndDestroy();
      } else if (this.mode === 'pass') client.write(bytes);
      else if (this.mode === 'slice') for (const byte of bytes) client.write(Buffer.of(byte));
    });
  }
}
