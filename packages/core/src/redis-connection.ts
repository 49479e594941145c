import { Redis } from 'ioredis';
import { asError, RedisUnavailableError } from './errors.ts';
import { clientOptions, DEFAULT_COMMAND_TIMEOUT_MS, describeRedis, type RedisOptions } from './redis-options.ts';
import { remedyFor, sentence } from './redis-reply.ts';

export type RedisArgument = string | Buffer | number;

/**
 * One connection to Redis whose every command has our own deadline.
 *
 * ioredis can leave a command pending for ever after its connection is lost (redis/ioredis#2193), and a command it
 * resends may run twice. So nothing is queued or resent here: when a deadline fires or the connection closes, all
 * commands under way are rejected, the client object is thrown away, and the next command builds a new one.
 */
export class RedisConnection {
  readonly #options: RedisOptions;
  readonly #name: string;
  readonly #commandTimeoutMs: number;
  readonly #underWay = new Map<(reason: Error) => void, Redis>();
  #client: Redis | undefined;
  #connecting: Promise<Redis> | undefined;
  #generation = 0;
  #closed = false;

  /** @param name what CLIENT LIST shows for it. No I/O happens before the first command. */
  constructor(options: RedisOptions, name: string) {
    clientOptions(options);
    this.#options = options;
    this.#name = name;
    this.#commandTimeoutMs = options.commandTimeoutMs ?? DEFAULT_COMMAND_TIMEOUT_MS;
  }

  /** Connects where needed; the number grows with each new connection. @throws RedisUnavailableError */
  async connect(): Promise<number> {
    await this.#ready();
    return this.#generation;
  }

  /**
   * The number of the connection that is open, undefined when none is. A command that is sent with nothing awaited in
   * between goes over that connection or fails.
   */
  get openGeneration(): number | undefined {
    return this.#client && this.#generation;
  }

  /**
   * Sends one command; bulk strings of the reply come as Buffers.
   * @throws RedisUnavailableError when no answer came (the command may have run), or Redis's own error reply
   */
  call(command: string, ...args: RedisArgument[]): Promise<unknown> {
    return this.#callWithin(this.#commandTimeoutMs, command, args);
  }

  /** As `call`, for a command that Redis itself may hold back for `blockMs`. */
  callBlocking(blockMs: number, command: string, args: RedisArgument[]): Promise<unknown> {
    // A blocked read may start its wait anew when another consumer takes the entry that woke it (redis/redis#12998).
    return this.#callWithin(2 * blockMs + this.#commandTimeoutMs, command, args);
  }

  /**
   * Sends the commands as one MULTI … EXEC; bulk strings of the replies come as Buffers.
   * @returns per command its reply, or the Error that Redis answered while the others ran
   * @throws the reply by which Redis refused one of them up front; then none ran
   */
  async transaction(commands: readonly (readonly [string, ...RedisArgument[]])[]): Promise<unknown[]> {
    const client = await this.#ready();
    const multi = client.multi();
    // As one list, for an entry may have more fields than a call can have arguments.
    for (const [command, ...args] of commands) multi.callBuffer(command, args);
    const replies = await this.#within(client, this.#commandTimeoutMs, 'EXEC', () => multi.exec());
    return (replies ?? []).map(([error, reply]) => error ?? reply);
  }

  /** Throws the connection away, for instance because the server was demoted; the next command builds a new one. */
  replace(): void {
    if (this.#client) this.#discard(this.#client, new RedisUnavailableError(`${this.#where} is being replaced.`));
  }

  /** Ends the connection; commands under way and later ones are rejected. */
  close(): void {
    this.#closed = true;
    const reason = new RedisUnavailableError(`${this.#where} was closed.`);
    for (const client of new Set([...this.#underWay.values(), ...(this.#client ? [this.#client] : [])])) {
      this.#discard(client, reason);
    }
  }

  async #callWithin(deadlineMs: number, command: string, args: RedisArgument[]): Promise<unknown> {
    const client = this.#client ?? (await this.#ready());
    return this.#within(client, deadlineMs, command, () => client.callBuffer(command, args));
  }

  #within<Reply>(client: Redis, deadlineMs: number, command: string, send: () => Promise<Reply>): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const settle = (finish: () => void) => {
        clearTimeout(timer);
        this.#underWay.delete(fail);
        finish();
      };
      const fail = (reason: Error) => settle(() => reject(reason));
      const timer = setTimeout(() => {
        const reason = `${this.#where} did not answer ${command} within ${deadlineMs} ms; the connection is replaced.`;
        this.#discard(client, new RedisUnavailableError(reason));
      }, deadlineMs);
      this.#underWay.set(fail, client);
      send().then(
        (reply) => settle(() => resolve(reply)),
        (cause: Error) => fail(cause.name === 'ReplyError' ? bare(cause) : this.#lost(cause)),
      );
    });
  }

  #ready(): Promise<Redis> {
    if (this.#client) return Promise.resolve(this.#client);
    if (this.#closed) return Promise.reject(new RedisUnavailableError(`${this.#where} was closed.`));
    this.#connecting ??= this.#open().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  async #open(): Promise<Redis> {
    const client = new Redis({
      ...clientOptions(this.#options),
      connectionName: this.#name,
      lazyConnect: true,
      connectTimeout: this.#commandTimeoutMs,
      retryStrategy: () => null,
      sentinelRetryStrategy: () => null,
      autoResendUnfulfilledCommands: false,
      enableOfflineQueue: false,
      // A server that is still loading says so to every command; the check would need INFO, which not every user may send.
      enableReadyCheck: false,
      disableClientInfo: true,
      disconnectTimeout: 500,
      maxRetriesPerRequest: null,
    });
    let lastError: Error | undefined;
    client.on('error', (error: Error) => {
      lastError = error;
    });
    client.on('close', () => this.#discard(client, this.#lost(lastError)));
    try {
      await this.#within(client, 2 * this.#commandTimeoutMs, 'the connection', () => client.connect());
      // ioredis goes on with database 0 when SELECT was refused.
      if (lastError) throw lastError;
    } catch (thrown) {
      client.disconnect();
      throw this.#lost(lastError ?? asError(thrown));
    }
    if (this.#closed) {
      client.disconnect();
      throw new RedisUnavailableError(`${this.#where} was closed.`);
    }
    this.#generation++;
    this.#client = client;
    return client;
  }

  #discard(client: Redis, reason: Error): void {
    if (this.#client === client) this.#client = undefined;
    for (const [reject, owner] of [...this.#underWay]) {
      if (owner === client) reject(reason);
    }
    client.disconnect();
  }

  #lost(cause: Error | undefined): RedisUnavailableError {
    if (cause instanceof RedisUnavailableError) return cause;
    const said = cause?.message || (cause as NodeJS.ErrnoException | undefined)?.code || 'it was closed';
    const remedy = cause && remedyFor(cause);
    const message = [sentence(`${this.#where}: ${said}`), remedy].filter(Boolean).join(' ');
    return new RedisUnavailableError(message, { cause: cause && bare(cause) });
  }

  get #where(): string {
    return `The connection to ${describeRedis(this.#options)}`;
  }
}

/** Its first own reason, and without the command that ioredis attaches: its arguments hold passwords and payloads. */
function bare(error: Error): Error {
  const { previousErrors, command, ...rest } = error as Error & { previousErrors?: Error[]; command?: unknown };
  // A connection that breaks gives every command of a transaction the same one, its EXEC included.
  const first = previousErrors?.[0];
  if (first && first !== error) return bare(first);
  if (command === undefined) return error;
  const copy = Object.assign(new Error(error.message), rest);
  copy.name = error.name;
  return copy;
}
