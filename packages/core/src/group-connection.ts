import type { GroupIdentity } from './consumer-group.ts';
import { asError } from './errors.ts';
import type { RedisArgument, RedisConnection } from './redis-connection.ts';
import { explainReply, needsNewConnection } from './redis-reply.ts';

/**
 * A connection on behalf of a group: its errors say what was done, to which stream and group, and one that turns out to
 * lead to the wrong server is replaced. Sends at once, with nothing awaited before, as the connection does.
 */
export class GroupConnection {
  readonly #connection: RedisConnection;
  readonly #identity: GroupIdentity;

  constructor(connection: RedisConnection, identity: GroupIdentity) {
    this.#connection = connection;
    this.#identity = identity;
  }

  /** @throws RedisUnavailableError, GroupVanishedError */
  call(command: string, ...args: RedisArgument[]): Promise<unknown> {
    return this.run(command, (connection) => connection.call(command, ...args));
  }

  /** As `call`, for a command that Redis itself may hold back for `blockMs`. */
  callBlocking(blockMs: number, command: string, args: RedisArgument[]): Promise<unknown> {
    return this.run(command, (connection) => connection.callBlocking(blockMs, command, args));
  }

  /**
   * @param doing what several commands are for, as an error is to name it
   * @throws RedisUnavailableError, GroupVanishedError
   */
  async run<Result>(doing: string, commands: (connection: RedisConnection) => Promise<Result>): Promise<Result> {
    try {
      return await commands(this.#connection);
    } catch (thrown) {
      throw this.explain(doing, thrown);
    }
  }

  /** The error to throw for what came back. */
  explain(doing: string, thrown: unknown): Error {
    if (needsNewConnection(thrown)) this.#connection.replace();
    const { stream, group } = this.#identity;
    return explainReply(asError(thrown), `${doing} (stream ${stream}, group ${group})`);
  }

  /** Ends what is under way; it rejects. */
  close(): void {
    this.#connection.close();
  }
}
