import { createConnection, createServer, type Server, type Socket } from 'node:net';

/** A TCP proxy on a free port that can swallow the target's replies, and reset its connections. */
export class TcpProxy implements AsyncDisposable {
  /** How many of the target's next replies to scripts are swallowed; their connections are then reset. */
  repliesToLose = 0;
  lostReplies = 0;
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

  get url(): string {
    return `redis://127.0.0.1:${(this.#server.address() as { port: number }).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #carry(client: Socket, targetPort: number): void {
    const target = createConnection({ host: '127.0.0.1', port: targetPort });
    let script = false;
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
    client.on('data', (bytes) => {
      if (/EVAL/i.test(bytes.toString('latin1'))) script = true;
      target.write(bytes);
    });
    target.on('data', (bytes) => {
      // Only the reply to lines that were added: after an error, or for lines that were known, nothing depends on it.
      if (script && this.repliesToLose > 0 && /^:[1-9]/.test(bytes.toString('latin1'))) {
        this.repliesToLose--;
        this.lostReplies++;
        client.resetAndDestroy();
      } else {
        client.write(bytes);
      }
    });
  }
}
